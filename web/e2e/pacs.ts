// A STOW-RS server that takes all.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'

/// What it was sent.
export const sent: { headers: IncomingHttpHeaders; kind: string; object: string }[] = []

export function startPacs(): Promise<Server> {
  const started = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('latin1')
      // The file's meta information names it first.
      const object = /2\.25\.\d+/.exec(body)![0]
      const kind = /1\.2\.840\.10008\.5\.1\.4\.1\.1\.[\d.]+/.exec(body)![0].replace(/\.$/, '')
      sent.push({ headers: request.headers, kind, object })
      const taken = { '00081150': { vr: 'UI', Value: [kind] }, '00081155': { vr: 'UI', Value: [object] } }
      response.writeHead(200, { 'content-type': 'application/dicom+json' })
      response.end(JSON.stringify({ '00081199': { vr: 'SQ', Value: [taken] } }))
    })
  })
  return new Promise((resolve) => started.listen(0, '127.0.0.1', () => resolve(started)))
}
