import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, request as ask, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot } from './browser'
import { KEY, Server, Site, stopAll } from './server'

let browser: Browser
let site: Site
let server: Server
let proxy: HttpServer
/// Whom the proxy takes its clients for.
let user = 'alice'

/// A reverse proxy that says who asks, whatever its client says.
function startProxy(): Promise<HttpServer> {
  const started = createServer((request, response) => {
    const headers = { ...request.headers, 'x-remote-user': user }
    const passed = ask(`${server.address}${request.url}`, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  return new Promise((resolve) => started.listen(0, '127.0.0.1', () => resolve(started)))
}

const address = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

beforeAll(async () => {
  site = new Site()
  const rights = join(site.folder, 'rights.json')
  const digest = createHash('sha256').update(KEY).digest('hex')
  writeFileSync(rights, JSON.stringify({
    keys: { [digest]: { clinic: { roles: ['search'] } } },
    users: { alice: { clinic: { roles: ['administer'] } }, bob: { clinic: { roles: ['search'] } } },
  }))
  server = new Server(site, [
    '--api-key-file', join(site.folder, 'keys'), '--archive-rights', rights, '--audit', join(site.folder, 'audit'),
    '--user-header', 'X-Remote-User', '--trusted-proxy', '127.0.0.1',
  ])
  ;[browser, , proxy] = await Promise.all([launch(), server.start(), startProxy()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  proxy?.close()
  site?.remove()
})

const rows = (page: Page) => page.getByRole('table').locator('tbody tr')
const link = (page: Page) => page.getByRole('link', { name: 'Audit', exact: true })

async function search(page: Page, words: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Words', exact: true }).fill(words)
  await page.keyboard.press('Enter')
  await page.locator('.card').first().waitFor()
}

test('who searches is named, and sees no list of what others did', async () => {
  user = 'bob'
  const { page, context, faults } = await open(browser, address())
  await page.getByText('User bob', { exact: true }).waitFor()
  await search(page, 'chest x-ray of Miller')
  expect(await link(page).count()).toBe(0)
  expect(faults).toEqual([])
  await context.close()
})

test('who administers sees what was done by whom, chooses among it, and saves it', async () => {
  user = 'alice'
  const { page, context, faults } = await open(browser, address())
  await page.getByText('User alice', { exact: true }).waitFor()
  await link(page).click()
  await page.getByRole('heading', { name: 'Audit', exact: true }).waitFor()
  await page.locator('form.compare select').selectOption('search')
  await page.getByLabel('User', { exact: true }).fill('bob')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByText('1 line.', { exact: true }).waitFor()
  const cells = await rows(page).locator('td').allTextContents()
  expect([cells[2], cells[3], cells[5]]).toEqual(['bob', 'search', 'done'])
  expect(page.url()).toContain('#view=audit&archive=clinic&event=search&user=bob')
  expect(await page.content()).not.toContain('Miller')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Save as CSV/ }).click()])
  const saved = readFileSync(await download.path(), 'utf8')
  const told = await fetch(`${server.address}/v1/archives/clinic/audit?format=csv&event=search&user=bob`, { headers: { 'x-remote-user': 'alice' } })
  expect(saved).toBe(await told.text())
  await page.getByLabel('User', { exact: true }).fill('nobody')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByText('0 lines.', { exact: true }).waitFor()
  await accessible(page, 'audit')
  await page.locator('form.compare select').selectOption('all')
  await page.getByLabel('User', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await rows(page).getByRole('cell', { name: 'filters', exact: true }).first().waitFor()
  await accessible(page, 'audit')
  await shoot(page, 'audit')
  await page.setViewportSize({ width: 400, height: 800 })
  await fits(page)
  expect(faults).toEqual([])
  await context.close()
})

test('older lines are added on request, each once', async () => {
  user = 'alice'
  const ask100 = Array.from({ length: 110 }, (_, i) => fetch(`${server.address}/v1/archives/clinic/items/${i}`, { headers: { 'x-remote-user': 'bob' } }))
  await Promise.all(ask100)
  const { page, context, faults } = await open(browser, address(), { at: 'view=audit&event=item' })
  await page.getByText('100 lines, and there may be older ones.').waitFor()
  await page.getByRole('button', { name: 'Show older' }).click()
  await page.getByText('110 lines.', { exact: true }).waitFor()
  while ((await page.getByRole('button', { name: 'Show more' }).count()) > 0) await page.getByRole('button', { name: 'Show more' }).click()
  const numbers = await rows(page).locator('td:first-child').allTextContents()
  expect(new Set(numbers).size).toBe(110)
  expect(faults).toEqual([])
  await context.close()
})
