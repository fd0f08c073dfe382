import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot, tabTo } from './browser'
import { sent, startPacs } from './pacs'
import { KEY, Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"

let browser: Browser
let site: Site
let server: Server
/// The same archive for a key that may push and see paths.
let pushing: Server
let pacs: HttpServer

beforeAll(async () => {
  site = new Site()
  site.add(`${site.studies}/twice`, 'south')
  mkdirSync(join(site.studies, 'broken'))
  writeFileSync(join(site.studies, 'broken', 'cut.dcm'), `${'\0'.repeat(128)}DICM`)
  expect(() => site.add(join(site.studies, 'broken'), 'north')).toThrow()
  pacs = await startPacs()
  const rights = join(site.folder, 'rights.json')
  const digest = createHash('sha256').update(KEY).digest('hex')
  writeFileSync(rights, JSON.stringify({ keys: { [digest]: { clinic: { rights: ['search', 'push', 'paths'] } } } }))
  server = new Server(site)
  pushing = new Server(site, [
    '--api-key-file', join(site.folder, 'keys'), '--archive-rights', rights,
    '--push-to', `pacs=stow:http://127.0.0.1:${(pacs.address() as AddressInfo).port}/dicom-web`,
  ])
  ;[browser] = await Promise.all([launch(), server.start(), pushing.start()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  pacs?.close()
  site?.remove()
})

const compare = (page: Page) => page.getByRole('button', { name: 'Compare', exact: true })
const rows = (page: Page) => page.getByRole('table').locator('tbody tr')

/// Saves the table, and returns it row by row; numbers as numbers, however they are written.
async function csvOf(page: Page): Promise<unknown[][]> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Save as CSV/ }).click()])
  return cellsOf(readFileSync(await download.path(), 'utf8'))
}

function cellsOf(csv: string): unknown[][] {
  const cells = csv.trimEnd().split('\n').map((line) => line.split(','))
  const path = cells[0]!.indexOf('path')
  const cell = (text: string, i: number): unknown => (i === path ? '' : text !== '' && Number.isFinite(Number(text)) ? Number(text) : text)
  return cells.map((row) => row.map(cell))
}

test('outliers are asked for by a reference, shown with what is nearest, and saved as the program writes them', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await page.getByRole('link', { name: 'Quality', exact: true }).click()
  await compare(page).click()
  await page.getByText('An expression that chooses what is usual').waitFor()
  await page.getByLabel('Reference', { exact: true }).first().fill('site=north')
  await page.getByLabel('Reference', { exact: true }).first().press('Enter')
  await page.getByText(/of 6 are outliers: farther from the 10 of the reference/).waitFor()
  expect(await rows(page).count()).toBe(6)
  expect(await page.getByText('The reference is small').count()).toBe(1)
  expect(page.url()).toContain('#view=quality&archive=clinic&reference=site%3Dnorth')
  expect(await page.title()).toBe('Quality – mi2')
  await rows(page).first().locator('.thumb img').first().waitFor()
  expect(await page.getByRole('table').getByText(MARKUP).count()).toBeGreaterThan(0)
  expect(await page.locator('img:not(.thumb img), b[onclick], main script').count()).toBe(0)
  const told = cellsOf(site.told('index', 'outliers', site.archive, '--reference', 'site=north', '-f', 'csv'))
  expect(await csvOf(page)).toEqual(told)
  await accessible(page, 'outliers')
  await shoot(page, 'quality-outliers')
  expect(faults).toEqual([])
  await context.close()
})

test('an address fills in a comparison, and starts none', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=drift&reference=modality%3DCT&by=modality,month' })
  const posts: string[] = []
  page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.url()) })
  await compare(page).waitFor()
  await page.waitForTimeout(300)
  expect(posts).toEqual([])
  await compare(page).click()
  await page.getByText(/groups against .* images of .* patients/).waitFor()
  expect(posts).toHaveLength(1)
  expect(await page.getByRole('columnheader').allTextContents()).toEqual([
    'Month', 'Modality', 'Images', 'Patients', 'Distance', 'p', 'p, corrected', 'What moved most',
  ])
  expect(await page.getByText('Of groups of fewer than ten patients p says little.').count()).toBe(1)
  const told = cellsOf(site.told('index', 'drift', site.archive, '--reference', 'modality=CT', '--by', 'month,modality', '-f', 'csv'))
  expect(await csvOf(page)).toEqual(told)
  await accessible(page, 'drift')
  await shoot(page, 'quality-drift')
  expect(faults).toEqual([])
  await context.close()
})

test('groups that nothing makes are not asked for', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=drift&reference=modality%3DCT' })
  await page.getByRole('checkbox', { name: 'station' }).uncheck()
  await page.getByRole('checkbox', { name: 'month' }).uncheck()
  await compare(page).click()
  await page.getByText('Choose what the groups are made by.').waitFor()
  expect(await page.getByRole('table').count()).toBe(0)
  expect(faults).toEqual([])
  await context.close()
})

test('tags are compared with those of the neighbours', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=tags&field=modality&k=2&agreement=0.5' })
  await compare(page).click()
  await page.getByText(/of 16 are doubtful/).waitFor()
  const told = cellsOf(site.told('index', 'tags', site.archive, '--field', 'modality', '-k', '2', '--min-agreement', '0.5', '-f', 'csv'))
  expect(await csvOf(page)).toEqual(told)
  expect(await rows(page).count()).toBe(told.length - 1)
  await accessible(page, 'tags')
  expect(faults).toEqual([])
  await context.close()
})

async function enter(at: string) {
  const opened = await open(browser, pushing.address, { allowed: /401/, at })
  const field = opened.page.getByLabel('Key', { exact: true })
  await field.fill(KEY)
  await field.press('Enter')
  await field.waitFor({ state: 'detached' })
  return opened
}

const TAGS = 'view=quality&what=tags&field=modality&k=1&agreement=1'

test('suggested tags are accepted and rejected, several at once and by the keyboard, undone, and saved', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: TAGS })
  await compare(page).click()
  await rows(page).first().waitFor()
  const all = await rows(page).count()
  expect(all).toBeGreaterThan(2)
  const status = (accepted: number, rejected: number) => page.getByText(`${accepted} accepted, ${rejected} rejected, ${all - accepted - rejected} open.`).waitFor()
  await status(0, 0)
  expect(await page.getByRole('button', { name: 'Save accepted as CSV' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Choose all' }).click()
  await page.getByRole('button', { name: `Accept chosen (${all})` }).click()
  await status(all, 0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await status(0, 0)
  await rows(page).nth(0).getByRole('button', { name: /^Accept/ }).click()
  await rows(page).nth(1).getByRole('button', { name: /^Reject/ }).click()
  await status(1, 1)
  await rows(page).nth(2).getByRole('checkbox').focus()
  await page.keyboard.press('a')
  await status(2, 1)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('a')
  await status(3, 0)
  await page.keyboard.press('u')
  await status(2, 1)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Space')
  await page.keyboard.press('r')
  await status(1, 2)
  await page.keyboard.press('u')
  await accessible(page, 'review')
  await shoot(page, 'quality-review')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save accepted as CSV' }).click()])
  expect(download.suggestedFilename()).toBe('fixes.csv')
  const saved = await download.path()
  const told = cellsOf(site.told('index', 'tags', site.archive, '--field', 'modality', '-k', '1', '--min-agreement', '1', '-f', 'csv'))
  expect(cellsOf(readFileSync(saved, 'utf8'))).toEqual([told[0], told[1], told[3]])
  const fixes = join(site.folder, 'fixes.csv')
  writeFileSync(fixes, readFileSync(saved))
  expect(site.told('index', 'push', site.archive, fixes)).toContain('not sent')
  expect(await page.getByText('Send to a PACS').count()).toBe(0) // no right to
  expect(faults).toEqual([])
  await context.close()
})

test('what is accepted is sent after it was shown, and nothing else', async () => {
  const { page, context, faults } = await enter(TAGS)
  await compare(page).click()
  await rows(page).first().waitFor()
  await rows(page).nth(0).getByRole('button', { name: /^Accept/ }).click()
  await page.getByRole('button', { name: 'Show what would be sent' }).click()
  await page.getByText('1 object would be sent to pacs. Nothing was.').waitFor()
  expect(sent).toEqual([])
  await accessible(page, 'push of tags')
  await rows(page).nth(1).getByRole('button', { name: /^Accept/ }).click() // another selection has to be shown first
  await page.getByRole('button', { name: /^Send/ }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Show what would be sent' }).click()
  await page.getByRole('button', { name: 'Send 1 object' }).click()
  await page.getByText('1 object is at pacs.').waitFor()
  expect(sent).toHaveLength(1)
  expect(sent[0]!.kind).toBe('1.2.840.10008.5.1.4.1.1.88.22')
  expect(faults).toEqual([])
  await context.close()
})

test('drift is drawn over the months for each station, with what moved in the month that is chosen', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=drift&reference=modality%3DCT&by=modality,month' })
  await compare(page).click()
  await page.getByRole('heading', { name: 'Over time' }).waitFor()
  const line = page.getByRole('img', { name: /^MR, distance by month: 2021-01 / })
  await line.waitFor()
  const month = page.getByLabel(/^Month: /)
  await month.press('Home')
  await page.getByText('2021-01: distance').first().waitFor()
  await month.press('ArrowRight')
  await page.getByText('2021-02: no images.').first().waitFor()
  expect(await page.locator('.station .strip').count()).toBe(0)
  const box = (await line.boundingBox())!
  await page.mouse.click(box.x + 1, box.y + box.height / 2)
  await page.getByText('2021-01: distance').first().waitFor()
  await page.locator('.station .strip .thumb img').first().waitFor()
  await accessible(page, 'timeline')
  await shoot(page, 'quality-timeline')
  await fits(page)
  expect(faults).toEqual([])
  await context.close()
})

test('what was refused is counted by reason, and named to who may see paths', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=refused' })
  await page.getByText('1 file is not in the archive.').waitFor()
  await page.getByRole('cell', { name: 'damaged, or not what they say they are' }).waitFor()
  await page.getByText('Your key may not see paths').waitFor()
  expect(await page.getByText('cut.dcm').count()).toBe(0)
  await accessible(page, 'refused files')
  expect(faults).toEqual([])
  await context.close()
  const other = await enter('view=quality&what=refused')
  await other.page.getByRole('table', { name: 'Refused files' }).getByText('broken/cut.dcm').first().waitFor()
  await accessible(other.page, 'refused files with paths')
  await shoot(other.page, 'quality-refused')
  expect(other.faults).toEqual([])
  await other.context.close()
})

test('duplicates stand group by group, and lead to a search, while the answer stays', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=dups' })
  await compare(page).click()
  await page.getByText('2 groups among 36 images.').waitFor()
  expect(await rows(page).count()).toBe(4)
  expect(await page.getByRole('rowheader').allTextContents()).toEqual(['1', '2'])
  expect(await page.getByRole('table').getByText(MARKUP).count()).toBe(2)
  const told = cellsOf(site.told('index', 'dups', site.archive, '-f', 'csv'))
  expect(await csvOf(page)).toEqual(told)
  await accessible(page, 'dups')
  await shoot(page, 'quality-dups')
  await rows(page).first().getByRole('link').click()
  await page.locator('.card').first().waitFor()
  await page.getByRole('link', { name: 'Quality', exact: true }).click()
  await page.getByText('2 groups among 36 images.').waitFor()
  await page.getByRole('link', { name: 'Tags', exact: true }).click()
  await page.getByRole('heading', { name: 'Tags' }).waitFor()
  expect(await page.getByRole('table').count()).toBe(0)
  await page.getByRole('link', { name: 'Duplicates', exact: true }).click()
  expect(await rows(page).count()).toBe(4)
  expect(faults).toEqual([])
  await context.close()
})

test('a comparison that takes long is said to, ends when it is cancelled, and can be made again', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality&what=dups', allowed: /net::ERR_/ })
  const held: Route[] = []
  await page.route('**/dups', (route) => void held.push(route))
  const failed = page.waitForEvent('requestfailed')
  await compare(page).click()
  await page.getByText('Comparing…').waitFor()
  await page.getByText(/^[1-9] s\. It may take minutes/).waitFor()
  await accessible(page, 'comparing')
  await shoot(page, 'quality-comparing')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('The comparison was cancelled.').waitFor()
  expect((await failed).url()).toContain('/dups')
  expect(await compare(page).evaluate((one) => one === document.activeElement)).toBe(true)
  await page.unroute('**/dups')
  for (const route of held) await route.abort().catch(() => {})
  await page.keyboard.press('Enter')
  await page.getByText('2 groups among 36 images.').waitFor()
  expect(await page.getByText('The comparison was cancelled.').count()).toBe(0)
  expect(faults).toEqual([])
  await context.close()
})

test('why a comparison was refused is said in the server’s words, and a proxy that gives up is not asked again', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=quality', allowed: /400|413|504/ })
  await page.getByLabel('Reference', { exact: true }).first().fill('modality==')
  await compare(page).click()
  await page.getByText('The comparison was not carried out.').waitFor()
  await page.getByText(/filter: byte/).waitFor()
  let asked = 0
  const answer = (status: number, message: string) => async (route: Route): Promise<void> => {
    asked += 1
    await route.fulfill({ status, contentType: 'application/json', body: JSON.stringify({ error: { message, type: 't', param: null, code: 'c' } }) })
  }
  await page.getByLabel('Reference', { exact: true }).first().fill('site=north')
  await page.route('**/outliers', answer(413, `outliers: expected at most 200000 images, got 200001 ${MARKUP}`))
  await compare(page).click()
  await page.getByText('expected at most 200000 images, got 200001').waitFor()
  expect(await page.locator('main img').count()).toBe(0)
  await accessible(page, 'refused')
  await page.unroute('**/outliers')
  await page.route('**/outliers', answer(504, 'Gateway Timeout'))
  await compare(page).click()
  await page.getByText('gave up waiting').waitFor()
  await page.waitForTimeout(1500)
  expect(asked).toBe(2)
  expect(faults).toEqual([])
  await context.close()
})

test('the keyboard alone does all of it', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await page.getByText('36 images').first().waitFor()
  await tabTo(page, 'Quality')
  await page.keyboard.press('Enter')
  await compare(page).waitFor()
  await tabTo(page, 'Reference')
  await page.keyboard.type('site=north')
  await tabTo(page, 'Only outliers')
  await page.keyboard.press('Space')
  await tabTo(page, 'Compare')
  await page.keyboard.press('Enter')
  await page.getByText(/of 6 are outliers/).waitFor()
  expect(page.url()).toContain('only=1')
  await tabTo(page, 'Save as CSV: Outliers')
  const download = page.waitForEvent('download')
  await page.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toBe('outliers.csv')
  expect(faults).toEqual([])
  await context.close()
})

test.each([
  ['desktop', 1280, 900], ['phone', 390, 844], ['narrow', 320, 640], ['wide', 3840, 2160],
] as const)('the comparisons fit %s, in dark and light, for everybody', async (name, width, height) => {
  const { page, context, faults } = await open(browser, server.address, { width, height, at: 'view=quality&reference=site%3Dnorth' })
  await compare(page).click()
  await rows(page).first().waitFor()
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await accessible(page, `quality ${name} ${theme}`)
    await shoot(page, `quality-${name}-${theme}`)
    await fits(page)
    await page.getByRole('button', { name: /colours$/ }).click()
  }
  expect(faults).toEqual([])
  await context.close()
})
