// Xen Orchestra's client library, of today and of 2019, over JSON-RPC and over XML-RPC, its NBD client, and a client of plain XML-RPC: each does
// with a pool what a backup tool does. Nothing of theirs is changed. Addresses and the password come from the environment.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import NbdClient from '@vates/nbd-client'
import { Xapi } from 'xen-api'

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0' // the appliance's certificate is self-signed, and the oldest of them knows no other switch
const require = createRequire(import.meta.url)
const { SWF_XAPI_URL: url, SWF_XAPI_PASSWORD: password, SWF_NFS_SERVER: server, SWF_NFS_PATH: serverpath } = process.env
const auth = { user: 'root', password }
const size = 6 * 1024 * 1024
const kind = process.argv[2]
// The library of 2019 hangs up as soon as it has handed its bytes to the system, and now and then they are lost: its disks stay empty.
const imports = kind !== 'xen-api of 2019'
const content = Buffer.alloc(size)
for (let at = 0; imports && at < 1_500_000; at += 32) createHash('sha256').update(String(at)).digest().copy(content, at)

const kinds = {
  'xen-api json': () => new Xapi({ url, auth, allowUnauthorized: true, transport: 'json-rpc' }),
  'xen-api xml': () => new Xapi({ url, auth, allowUnauthorized: true, transport: 'xml-rpc' }),
  'xen-api of 2019': () => require('xen-api-old').createClient({ url, auth, allowUnauthorized: true }),
  xmlrpc: undefined,
}
if (!(kind in kinds)) throw new Error(`say one of: ${Object.keys(kinds).join(', ')}`)
await (kind === 'xmlrpc' ? plain() : whole(kinds[kind]()))
console.log(`${kind}: done`)
process.exit(0)

async function bytes(response) {
  const parts = []
  for await (const part of response.body ?? response) parts.push(part)
  return Buffer.concat(parts)
}

// The control domain lets go of a disk a moment after its export has ended.
async function patiently(act) {
  for (let tries = 0; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (error.code !== 'VDI_IN_USE' || tries === 50) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

async function whole(xapi) {
  await xapi.connect()
  await xapi.objectsFetched
  const host = xapi.pool.master
  // The library of 2019 does not tell when it has read everything.
  while (xapi.getObject(host, undefined) === undefined) await new Promise(resolve => setTimeout(resolve, 50))
  assert.equal(xapi.getObject(host).$type, 'host')
  const sr = await xapi.call('SR.create', host, { server, serverpath }, 0, 'foreign', '', 'nfs', 'user', false, {})
  const make = label =>
    xapi.call('VDI.create', {
      name_label: label,
      name_description: '',
      SR: sr,
      virtual_size: size,
      type: 'user',
      sharable: false,
      read_only: false,
      other_config: {},
      xenstore_data: {},
      sm_config: {},
      tags: [],
    })

  const vdi = await make('raw')
  if (imports) await xapi.putResource(content, '/import_raw_vdi/', { query: { format: 'raw', vdi } })
  // Only the task says that a body is whole.
  const read = (ref, format) =>
    patiently(async () => {
      const response = await xapi.getResource('/export_raw_vdi/', { query: { format, vdi: ref } })
      const all = await bytes(response)
      await response.task
      return all
    })
  const raw = await read(vdi, 'raw')
  assert.ok(raw.equals(content), 'a raw export is what was imported')

  const vhd = await read(vdi, 'vhd')
  assert.equal(vhd.subarray(0, 8).toString(), 'conectix')
  assert.ok(vhd.subarray(-512).equals(vhd.subarray(0, 512)), 'a VHD ends with its footer')
  const other = await make('vhd')
  if (imports) await xapi.putResource(vhd, '/import_raw_vdi/', { query: { format: 'vhd', vdi: other } })

  // Pools before 7.3 have none.
  const [nbdServer] = await xapi.call('VDI.get_nbd_info', vdi).catch(error => (error.code === 'MESSAGE_METHOD_UNKNOWN' ? [] : Promise.reject(error)))
  if (nbdServer !== undefined) {
    const nbd = new NbdClient(nbdServer)
    await nbd.connect()
    assert.equal(nbd.exportSize, BigInt(size))
    const block = 65536
    const blocks = await Promise.all(Array.from({ length: size / block }, (_, index) => nbd.readBlock(index, block)))
    assert.ok(Buffer.concat(blocks).equals(content), 'NBD gives what was imported')
    await nbd.disconnect()
  }

  // The library of 2019 hands a task's result on as the XML that it is.
  const made = async (...call) => (await patiently(() => xapi.callAsync(...call))).replace(/^<value>|<\/value>$/g, '')
  const snapshot = await made('VDI.snapshot', vdi)
  const copy = await made('VDI.copy', snapshot, sr)
  for (const [what, ref] of Object.entries({ other, snapshot, copy })) {
    assert.ok((await read(ref, 'raw')).equals(content), `${what} holds the same bytes`)
  }

  if (kind === 'xen-api of 2019') await xapi.call('VDI.add_to_other_config', copy, 'swf', 'k1')
  else await xapi.setFieldEntry('VDI', copy, 'other_config', 'swf', 'k1')
  await xapi.barrier()
  const seen = xapi.getObjectByRef(copy)
  assert.equal(seen.$SR.$ref, sr)
  assert.equal(seen.other_config.swf, 'k1')
  await assert.rejects(xapi.call('VDI.get_by_uuid', 'no such disk'), error => error.code === 'UUID_INVALID')
  await assert.rejects(xapi.callAsync('VDI.resize', vdi, 1024), error => error.code === 'SR_BACKEND_FAILURE_79')

  for (const ref of [copy, snapshot, other, vdi]) await patiently(() => xapi.call('VDI.destroy', ref))
  for (const pbd of await xapi.call('SR.get_PBDs', sr)) await patiently(() => xapi.call('PBD.unplug', pbd))
  await xapi.call('SR.forget', sr)
  await xapi.barrier()
  assert.equal(xapi.getObjectByRef(copy, undefined), undefined)
  await xapi.disconnect()
}

async function plain() {
  const { hostname, port } = new URL(url)
  const client = require('xmlrpc').createSecureClient({ host: hostname, port, path: '/RPC2', rejectUnauthorized: false })
  const call = (method, ...args) =>
    new Promise((resolve, reject) => client.methodCall(method, args, (error, answer) => (error ? reject(error) : resolve(answer))))
  const value = async (method, ...args) => {
    const answer = await call(method, ...args)
    if (answer.Status !== 'Success') throw Object.assign(new Error(answer.ErrorDescription.join(', ')), { code: answer.ErrorDescription[0] })
    return answer.Value
  }
  assert.ok((await call('system.listMethods')).includes('VDI.copy'))
  const session = await value('session.login_with_password', 'root', password, '1.0', 'foreign')
  const hosts = await value('host.get_all_records', session)
  assert.equal(typeof Object.values(hosts)[0].API_version_minor, 'string') // integers travel as text
  const token = (await value('event.from', session, ['task'], '', 0.1)).token
  const task = await value('Async.SR.create', session, Object.keys(hosts)[0], { server, serverpath }, '0', 'plain', '', 'nfs', 'user', false, {})
  const { events } = await value('event.from', session, ['task'], token, 30.1)
  assert.ok(events.some(event => event.ref === task && event.snapshot.status === 'success'))
  const [, sr] = /<value>(OpaqueRef:[^<]+)<\/value>/.exec(await value('task.get_result', session, task))
  for (const pbd of await value('SR.get_PBDs', session, sr)) await value('PBD.unplug', session, pbd)
  await value('SR.forget', session, sr)
  await assert.rejects(value('SR.get_uuid', session, sr), error => error.code === 'HANDLE_INVALID')
  await value('session.logout', session)
  await assert.rejects(value('pool.get_all', session), error => error.code === 'SESSION_INVALID')
}
