import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot, tabTo } from './browser'
import { sent, startPacs } from './pacs'
import { KEY, Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"

let browser: Browser
let site: Site
let server: Server
let pacs: HttpServer

beforeAll(async () => {
  site = new Site()
  pacs = await startPacs()
  const rights = join(site.folder, 'rights.json')
  const digest = createHash('sha256').update(KEY).digest('hex')
  writeFileSync(rights, JSON.stringify({ keys: { [digest]: { clinic: { rights: ['search', 'push'] } } } }))
  server = new Server(site, [
    '--api-key-file', join(site.folder, 'keys'), '--archive-rights', rights, '--archive-cards', `clinic=${join(site.folder, 'cards')}`,
    '--push-to', `pacs=stow:http://127.0.0.1:${(pacs.address() as AddressInfo).port}/dicom-web`,
  ])
  ;[browser] = await Promise.all([launch(), server.start()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  pacs?.close()
  site?.remove()
})

const kind = (page: Page) => page.locator('.push select').nth(1)
const words = (page: Page) => page.getByRole('searchbox', { name: 'Words', exact: true })

async function enter(at?: string, size = {}) {
  const opened = await open(browser, server.address, { allowed: /401/, ...size, ...(at === undefined ? {} : { at }) })
  const field = opened.page.getByLabel('Key', { exact: true })
  await field.fill(KEY)
  await field.press('Enter')
  await field.waitFor({ state: 'detached' })
  return opened
}

/// A card with notes, and its id.
async function makeCard(page: Page): Promise<string> {
  await words(page).fill('computed tomography head')
  await words(page).press('Enter')
  await page.locator('.card').first().waitFor()
  await page.getByRole('button', { name: 'Pin: result 1', exact: true }).click()
  await page.getByRole('button', { name: 'Pin: result 3', exact: true }).click()
  await page.getByRole('link', { name: '2 pinned: make a card' }).click()
  await page.getByLabel('Note on Result 1', { exact: true }).fill(MARKUP)
  await page.getByLabel('Note on the card', { exact: true }).fill('for Tuesday')
  await page.getByRole('button', { name: 'Make a card' }).click()
  await page.getByRole('heading', { name: /^Evidence card [0-9a-f]{12}$/ }).waitFor()
  return new URLSearchParams(new URL(page.url()).hash.slice(1)).get('card')!
}

test('what is pinned and written becomes a card, which stays text, is saved, and found again by its id', async () => {
  const { page, context, faults } = await enter()
  const id = await makeCard(page)
  await page.locator('.evidence .card').nth(1).waitFor()
  expect(await page.locator('.evidence .card').count()).toBe(2)
  expect(await page.locator('.evidence .said').allTextContents()).toEqual(['for Tuesday', MARKUP])
  expect(await page.getByText('Nothing is pinned yet.').count()).toBe(1)
  expect(await page.locator('img:not(.thumb img), b[onclick], main script').count()).toBe(0)
  expect(await page.title()).toBe('Cards – mi2')
  await page.locator('.evidence .thumb img').nth(1).waitFor()
  await accessible(page, 'card')
  await shoot(page, 'card')
  const [json] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as JSON' }).click()])
  const file = join(site.folder, 'cards', `${id}.json`)
  expect(readFileSync(await json.path(), 'utf8')).toBe(readFileSync(file, 'utf8'))
  const [html] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as HTML' }).click()])
  expect(html.suggestedFilename()).toBe(`${id}.html`)
  expect(readFileSync(await html.path(), 'utf8')).toBe(readFileSync(join(site.folder, 'cards', `${id}.html`), 'utf8'))
  expect(site.told('index', 'verify-cards', join(site.folder, 'cards'))).toContain('sound: ')
  await page.getByRole('checkbox', { name: 'Only what is pinned' }).uncheck()
  await page.locator('.evidence .card').nth(13).waitFor()
  expect(await page.locator('.evidence .card').count()).toBe(14)
  const again = await enter('view=cards&archive=clinic')
  await again.page.getByLabel('A card’s id').fill(id.slice(1))
  await again.page.getByRole('button', { name: 'Open', exact: true }).click()
  await again.page.getByText('An id has 64 characters').waitFor()
  await again.page.getByLabel('A card’s id').fill(id)
  await again.page.getByLabel('A card’s id').press('Enter')
  await again.page.getByText('for Tuesday').waitFor()
  expect(again.faults).toEqual([])
  await again.context.close()
  expect(faults).toEqual([])
  await context.close()
})

test('a card is replayed, by the keyboard alone', async () => {
  const { page, context, faults } = await enter()
  await makeCard(page)
  await tabTo(page, 'Search again and compare')
  await page.keyboard.press('Enter')
  await page.getByText('The same, to the last bit.').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('what would be sent is shown first, and only that is sent', async () => {
  const { page, context, faults } = await enter()
  const id = await makeCard(page)
  sent.length = 0
  await kind(page).selectOption('sr')
  await page.getByRole('button', { name: 'Show what would be sent' }).click()
  await page.getByText(/^\d+ objects would be sent to pacs. Nothing was.$/).waitFor()
  const objects = await page.getByRole('table').locator('tbody tr').count()
  expect(objects).toBeGreaterThanOrEqual(10)
  expect(sent).toEqual([])
  await accessible(page, 'push')
  await kind(page).selectOption('both')
  await page.getByRole('button', { name: /^Send/ }).waitFor({ state: 'detached' })
  await kind(page).selectOption('sr')
  await page.getByRole('button', { name: 'Show what would be sent' }).click()
  await page.getByRole('button', { name: `Send ${objects} objects` }).click()
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('push-title') // the button has gone
  await page.getByText(`${objects} objects are at pacs.`).waitFor()
  expect(new Set(sent.map(({ object }) => object)).size).toBe(objects)
  expect(await page.getByRole('table').getByText('sent', { exact: true }).count()).toBe(objects)
  expect(page.url()).toContain(`card=${id}`)
  expect(page.url()).not.toContain(KEY)
  await shoot(page, 'push')
  expect(faults).toEqual([])
  await context.close()
})

test('what is pinned is forgotten with the key, and one result can be unpinned', async () => {
  const { page, context, faults } = await enter()
  await words(page).fill('head')
  await words(page).press('Enter')
  const pin = page.getByRole('button', { name: 'Pin: result 2', exact: true })
  await pin.click()
  await page.getByRole('button', { name: 'Pin: result 2', exact: true, pressed: true }).waitFor()
  await page.getByRole('link', { name: '1 pinned: make a card' }).click()
  await page.getByRole('button', { name: 'Unpin: result 2' }).click()
  await page.getByText('Nothing is pinned yet.').waitFor()
  await page.getByRole('link', { name: 'Search', exact: true }).click()
  await pin.click()
  await page.getByRole('button', { name: 'Forget the key' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('link', { name: /pinned: make a card/ }).waitFor({ state: 'detached' })
  expect(faults).toEqual([])
  await context.close()
})

test.each([['desktop', 1280, 900], ['narrow', 320, 640]] as const)('cards fit %s, in dark and light, on paper, for everybody', async (name, width, height) => {
  const { page, context, faults } = await enter(undefined, { width, height })
  await makeCard(page)
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await accessible(page, `cards ${name} ${theme}`)
    await fits(page)
    await page.getByRole('button', { name: /colours/ }).click()
  }
  await page.emulateMedia({ media: 'print' })
  expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
  expect(await page.locator('.top').isVisible()).toBe(false)
  expect(await page.getByText('for Tuesday').isVisible()).toBe(true)
  expect(await page.locator('.research-print').isVisible()).toBe(true)
  await shoot(page, `cards-${name}-print`)
  expect(faults).toEqual([])
  await context.close()
})
