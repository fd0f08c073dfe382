import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot } from './browser'
import { Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"

interface Found {
  item: number
  study: string
}

let browser: Browser
let site: Site
let server: Server

beforeAll(async () => {
  site = new Site()
  server = new Server(site, ['--viewer-url', 'https://viewer.example/{study}'])
  ;[browser] = await Promise.all([launch(), server.start()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  site?.remove()
})

async function asked<T>(path: string, body?: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${server.address}/v1/archives/clinic${path}`, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) })
  expect(answer.status, path).toBe(200)
  return await answer.json() as T
}

const found = async (where: string): Promise<Found[]> =>
  (await asked<{ results: Found[] }>('/search', { text: 'x', where, k: 20 })).results

/// The items of a study of one series, in order.
async function itemsOf(study: string): Promise<number[]> {
  const { series } = await asked<{ series: { items: { item: number }[] }[] }>(`/studies/${study}`)
  return series[0]!.items.map(({ item }) => item)
}

const viewer = (page: Page, name = 'This study') => page.getByRole('application', { name: new RegExp(`^${name}: Slice`) })
const field = (page: Page, name: string) => page.getByLabel(name, { exact: true }).first()

/// Until a slice is drawn.
const drawn = (page: Page, item: number, name = 'This study') => viewer(page, name).locator(`canvas[data-item="${item}"]`).waitFor()

/// What is drawn, and how to wait until something else is.
const picture = (page: Page): Promise<string> => page.evaluate(() => document.querySelector<HTMLCanvasElement>('.viewer canvas')!.toDataURL())
const other = (page: Page, before: string) =>
  page.waitForFunction((one) => document.querySelector<HTMLCanvasElement>('.viewer canvas')!.toDataURL() !== one, before)

test('a result is looked at, and wheel, keys, slider and strip move through its slices', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'text=brain&f.site=%2Bnorth' })
  await page.getByRole('button', { name: 'Look: result 1', exact: true }).click()
  await viewer(page).waitFor()
  expect(await page.title()).toBe('Look – mi2')
  expect(page.url()).toMatch(/#view=look&archive=clinic&study=[\d.]+&at=\d+&text=brain$/)
  const items = await itemsOf(/study=([\d.]+)/.exec(page.url())![1]!)
  expect(items.length).toBe(3)
  await viewer(page).focus()
  await page.keyboard.press('Home')
  await drawn(page, items[0]!)
  await page.getByText('Slice 1 of 3', { exact: true }).first().waitFor()
  await viewer(page).hover()
  const scrolled = await page.evaluate(() => scrollY)
  await page.mouse.wheel(0, 120)
  await drawn(page, items[1]!)
  expect(await page.evaluate(() => scrollY)).toBe(scrolled)
  await page.mouse.wheel(0, -120)
  await drawn(page, items[0]!)
  await page.keyboard.press('ArrowDown')
  await drawn(page, items[1]!)
  await page.keyboard.press('End')
  await drawn(page, items[2]!)
  await page.getByRole('slider').fill('2')
  await drawn(page, items[1]!)
  const first = page.getByRole('button', { name: 'Show slice 1 of series 1' })
  await first.click()
  await drawn(page, items[0]!)
  expect(await first.getAttribute('aria-current')).toBe('true')
  expect(await page.getByText('Research use only').count()).toBeGreaterThan(1)
  expect(await page.getByRole('link', { name: 'Open in the viewer' }).count()).toBe(0) // identifiers are not kept
  await accessible(page, 'look')
  await shoot(page, 'look')
  expect(faults).toEqual([])
  await context.close()
})

test('a drag changes the window, which the server applies, and presets, inversion and zoom change the picture', async () => {
  const [{ study }] = await found('modality=CT and site=north') as [Found]
  const items = await itemsOf(study)
  const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${study}&at=${items[1]}`, height: 1100 })
  await drawn(page, items[1]!)
  expect([await field(page, 'Level').inputValue(), await field(page, 'Width').inputValue()]).toEqual(['2048', '4096'])
  let before = await picture(page)
  const box = (await viewer(page).boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await Promise.all([page.waitForResponse(/\/pixels\?.*window=/), page.mouse.move(x - 150, y + 30, { steps: 6 })])
  await page.mouse.up()
  await other(page, before)
  expect(Number(await field(page, 'Width').inputValue())).toBeLessThan(4096)
  expect(Number(await field(page, 'Level').inputValue())).toBeGreaterThan(2048)
  before = await picture(page)
  await page.getByRole('button', { name: 'Soft tissue' }).click()
  await other(page, before)
  await page.waitForFunction(() => [...document.querySelectorAll<HTMLInputElement>('.level input')].map((one) => one.value).join() === '40,400')
  await page.getByRole('button', { name: 'The file’s window' }).click()
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('.level input')!.value === '2048')
  await drawn(page, items[1]!)
  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    ['invert', () => page.getByRole('button', { name: 'Invert' }).click()],
    ['zoom', () => page.getByRole('button', { name: 'Zoom in' }).click()],
    ['move', async () => {
      await page.getByRole('button', { name: 'Move', exact: true }).click()
      await page.mouse.move(x, y)
      await page.mouse.down()
      await page.mouse.move(x + 40, y + 40, { steps: 3 })
      await page.mouse.up()
    }],
    ['all', () => page.getByRole('button', { name: 'Show all', exact: true }).click()],
  ]
  for (const [, step] of steps) {
    before = await picture(page)
    await step()
    await other(page, before)
  }
  expect(await field(page, 'Width').inputValue()).toBe('4096')
  expect(faults).toEqual([])
  await context.close()
})

test('how like the query each slice is stands below the slider, and leads to the most alike', async () => {
  const [{ study }] = await found('modality=MR and site=north') as [Found]
  const { items } = await asked<{ items: { item: number; cosine: number }[] }>(`/studies/${study}/similarity`, { text: 'x-ray wrist' })
  const highest = items.reduce((best, one) => (one.cosine > best.cosine ? one : best))
  const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${study}` })
  await page.getByLabel('Compare slices with').fill('x-ray wrist')
  await page.getByRole('button', { name: 'Compare slices', exact: true }).click()
  const slice = items.indexOf(highest) + 1
  await page.getByRole('img', { name: `How like the query each slice is: the most at slice ${slice}, cosine ${highest.cosine.toFixed(3)}` }).waitFor()
  await page.getByRole('button', { name: `To the most alike, slice ${slice}` }).click()
  await drawn(page, highest.item)
  await page.getByText(`cosine with the query ${highest.cosine.toFixed(3)}`).waitFor()
  expect(page.url()).toContain('&text=x-ray+wrist')
  expect(await page.getByRole('button', { name: 'Lung' }).count()).toBe(0) // of CT alone
  expect(faults).toEqual([])
  await context.close()
})

test('two studies are side by side, and the second shows the slice that is nearest to the first', async () => {
  const [one, two] = await found('modality=CT and site=north') as [Found, Found]
  const pairs = (await asked<{ items: { item: number; nearest: number; cosine: number }[] }>(`/studies/${one.study}/matches?with=${two.study}`)).items
  const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${one.study}` })
  await page.getByLabel('Side by side with').selectOption(two.study)
  expect(page.url()).toContain(`&compare=${two.study}`)
  await viewer(page, 'The other study').waitFor()
  await viewer(page).focus()
  for (const [key, pair] of [['Home', pairs[0]!], ['End', pairs[2]!]] as const) {
    await page.keyboard.press(key)
    await drawn(page, pair.item)
    await drawn(page, pair.nearest, 'The other study')
    await page.getByText(`nearest slice, cosine ${pair.cosine.toFixed(3)}`).waitFor()
  }
  await page.getByLabel('Show the nearest slice of the other study').uncheck()
  await page.keyboard.press('Home')
  await viewer(page).focus()
  await page.keyboard.press('Home')
  await drawn(page, pairs[0]!.item)
  await drawn(page, pairs[2]!.nearest, 'The other study')
  await accessible(page, 'side by side')
  await shoot(page, 'look-two')
  await page.getByLabel('Side by side with').selectOption('')
  await viewer(page, 'The other study').waitFor({ state: 'detached' })
  expect(faults).toEqual([])
  await context.close()
})

test('slices play when somebody says so, and stop where less motion is wanted', async () => {
  const [{ study }] = await found('modality=CT and site=north') as [Found]
  const items = await itemsOf(study)
  const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${study}&at=${items[0]}` })
  await drawn(page, items[0]!)
  await page.getByRole('button', { name: 'Play' }).click()
  await drawn(page, items[1]!)
  await drawn(page, items[2]!)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.getByRole('button', { name: 'Play' }).waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('what an archive holds stays text beside its pictures, too', async () => {
  const hostile = await found('not site=north')
  for (const { study } of hostile) {
    const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${study}` })
    await viewer(page).waitFor()
    await page.getByLabel('Side by side with').waitFor()
    expect(await page.locator('img:not(.thumb img), b[onclick], main script').count()).toBe(0)
    expect(await page.title()).toBe('Look – mi2')
    await fits(page)
    if (study === hostile[0]!.study) await accessible(page, 'hostile')
    expect(faults).toEqual([])
    await context.close()
  }
  const { page, context } = await open(browser, server.address, { at: `view=look&study=${encodeURIComponent(MARKUP)}&text=${encodeURIComponent(MARKUP)}`, allowed: /404/ })
  await page.getByText('The study was not sent.').waitFor()
  expect(await page.title()).toBe('Look – mi2')
  await context.close()
})

test.each([
  ['desktop', 1280, 900], ['phone', 390, 844], ['narrow', 320, 640],
] as const)('studies fit %s, in dark and light, for everybody', async (name, width, height) => {
  const [one, two] = await found('modality=CT and site=north') as [Found, Found]
  const at = `view=look&study=${one.study}&compare=${two.study}&text=brain`
  const { page, context, faults } = await open(browser, server.address, { width, height, at })
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await viewer(page, 'The other study').locator('canvas[data-item]').waitFor()
    await page.getByRole('img', { name: /^How like the query/ }).first().waitFor()
    await accessible(page, `look ${name} ${theme}`)
    await shoot(page, `look-${name}-${theme}`)
    await fits(page)
    await page.getByRole('button', { name: /colours$/ }).click()
  }
  expect(faults).toEqual([])
  await context.close()
})

test('without its file a slice is a thumbnail, and says so', async () => {
  const all = await found('modality=CT and site=north')
  rmSync(join(site.studies, 'hospital'), { recursive: true })
  const { page, context, faults } = await open(browser, server.address, { at: `view=look&study=${all[0]!.study}`, allowed: /410/, height: 1100 })
  await page.getByText('A thumbnail, not the image itself.').waitFor()
  await page.getByText('the file of this image is no longer there').waitFor()
  await viewer(page).locator('canvas[data-item]').waitFor()
  const before = await picture(page)
  const box = (await viewer(page).boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 - 120, box.y + box.height / 2, { steps: 4 })
  await page.mouse.up()
  await other(page, before) // its shades
  expect(Number(await field(page, 'Width').inputValue())).toBeLessThan(256)
  expect(faults).toEqual([])
  await context.close()
})
