import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot, tabTo } from './browser'
import { Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"

let browser: Browser
let site: Site
let server: Server

beforeAll(async () => {
  site = new Site()
  server = new Server(site)
  ;[browser] = await Promise.all([launch(), server.start()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  site?.remove()
})

const plane = (page: Page) => page.getByRole('application')
const legend = (page: Page) => page.locator('.legend')
const chosen = (page: Page) => page.getByRole('heading', { name: /^Chosen: / })

/// What the canvas shows, once it is drawn: how many pixels are of each colour.
async function coloursOf(page: Page): Promise<Record<string, number>> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.map canvas')
    return canvas !== null && canvas.width > 0 && canvas.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0)
  })
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.map canvas')!
    const { data } = canvas.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height)
    const found: Record<string, number> = {}
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue
      const colour = `#${[...data.slice(i, i + 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`
      found[colour] = (found[colour] ?? 0) + 1
    }
    return found
  })
}

/// Where on the canvas a point is, in pixels of the page: the first that is found from above.
async function somePoint(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  await coloursOf(page)
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.map canvas')!
    const { data, width } = canvas.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height)
    const at = data.findIndex((byte, i) => i % 4 === 3 && byte > 0) >> 2
    const box = canvas.getBoundingClientRect()
    return { x: ((at % width) / width) * box.width, y: (Math.floor(at / width) / canvas.height) * box.height, width: box.width, height: box.height }
  })
}

test('an archive without a map says which command makes one', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map', allowed: /404/ })
  await page.getByText('There is no map of this archive yet.').waitFor()
  expect(await page.getByText('mi2 index map ARCHIVE --by image').count()).toBe(1)
  expect(await plane(page).count()).toBe(0)
  await accessible(page, 'no map')
  await shoot(page, 'map-none')
  expect(faults).toEqual([])
  await context.close()
  site.map('image')
})

test('the map shows every image in the colour of its value, and the address shows it again', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await page.getByRole('link', { name: 'Map', exact: true }).click()
  await page.getByRole('application', { name: 'Map of 34 points' }).waitFor()
  await page.getByText(/^34 images, placed by UMAP\./).waitFor()
  expect(await page.title()).toBe('Map – mi2')
  await legend(page).getByRole('button', { name: /^CT\s*19$/ }).waitFor()
  const all = await coloursOf(page)
  expect(Object.keys(all).sort()).toEqual(['#56b4e9', '#f0a030'])
  const mr = legend(page).getByRole('button', { name: /^MR\s*15$/ })
  await mr.click()
  expect(await mr.getAttribute('aria-pressed')).toBe('true')
  await page.waitForTimeout(200)
  expect(Object.keys(await coloursOf(page)).sort()).toEqual(['#3a4752', '#f0a030'])
  await mr.click()
  await page.getByLabel('Colours').selectOption('body_part')
  await page.getByRole('heading', { name: 'Body part' }).waitFor()
  await page.getByRole('group', { name: 'Modality' }).getByRole('checkbox', { name: /^MR/ }).check()
  await page.getByRole('application', { name: 'Map of 15 points' }).waitFor()
  const address = page.url()
  expect(address).toContain('#view=map&archive=clinic&colour=body_part&f.modality=')
  await page.goto('about:blank')
  await page.goto(address)
  await page.getByRole('application', { name: 'Map of 15 points' }).waitFor()
  await page.getByLabel('Expression').fill('modality==')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText(/filter: byte/).first().waitFor()
  expect(faults.filter((fault) => !fault.includes('400'))).toEqual([])
  await context.close()
})

test('what an archive holds stays text on the map, too', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map&colour=station' })
  await legend(page).getByText(MARKUP).waitFor()
  await page.getByRole('button', { name: 'List what is in view' }).click()
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.locator('.points .place').nth(33).waitFor()
  expect(await page.locator('.points').getByText(MARKUP).count()).toBeGreaterThan(0)
  expect(await page.locator('img:not(.thumb img), b[onclick], main script').count()).toBe(0)
  expect(await page.title()).toBe('Map – mi2')
  await fits(page)
  expect(faults).toEqual([])
  await context.close()
})

test('the picture under the pointer is shown, kept by a click, and searched by', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map' })
  const point = await somePoint(page)
  await plane(page).hover({ position: { x: point.x + 1, y: point.y + 3 } })
  await page.getByText(/^The nearest/).waitFor()
  await page.locator('.point .thumb img').first().waitFor()
  await page.mouse.down()
  await page.mouse.up()
  await page.locator('.cursor.pinned').waitFor()
  const before = await page.locator('.point').first().getAttribute('aria-label')
  await plane(page).hover({ position: { x: point.width / 2, y: point.height - 3 } })
  await page.waitForTimeout(400)
  expect(await page.locator('.point').first().getAttribute('aria-label')).toBe(before)
  await page.locator('.point').first().getByRole('button', { name: /^More like this/ }).click()
  await page.locator('.card').first().waitFor()
  expect(page.url()).toContain(`item=${before!.replace('image ', '')}`)
  await page.goBack()
  await page.locator('.cursor.pinned').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('the map moves and grows, and all of it comes back', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map', height: 1100 })
  const point = await somePoint(page)
  const picture = () => page.evaluate(() => document.querySelector<HTMLCanvasElement>('.map canvas')!.toDataURL())
  const other = (before: string) => page.waitForFunction((one) => document.querySelector<HTMLCanvasElement>('.map canvas')!.toDataURL() !== one, before)
  const all = await picture()
  await plane(page).hover({ position: { x: point.x, y: point.y } })
  await page.mouse.wheel(0, -600)
  await other(all)
  expect(await page.evaluate(() => scrollY)).toBe(0)
  const near = await picture()
  const box = (await plane(page).boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 80, box.y + box.height / 2 + 40, { steps: 4 })
  await page.mouse.up()
  await other(near)
  await page.getByRole('button', { name: 'Show all', exact: true }).click()
  await page.waitForFunction((one) => document.querySelector<HTMLCanvasElement>('.map canvas')!.toDataURL() === one, all)
  expect(faults).toEqual([])
  await context.close()
})

test('a lasso makes a list of what is in it', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map', height: 1100 })
  const point = await somePoint(page)
  const draw = async (corners: readonly (readonly [number, number])[]): Promise<void> => {
    await page.evaluate(() => scrollTo(0, 0))  // from under the bar that stays at the top
    const box = (await plane(page).boundingBox())!
    await page.mouse.move(box.x + corners[0]![0], box.y + corners[0]![1])
    await page.mouse.down()
    for (const [x, y] of corners.slice(1)) await page.mouse.move(box.x + x, box.y + y, { steps: 5 })
    await page.mouse.up()
  }
  await page.getByRole('button', { name: 'Lasso' }).click()
  await draw([[2, 2], [point.width - 2, 2], [point.width - 2, point.height - 2], [2, point.height - 2]])
  await page.getByRole('heading', { name: 'Chosen: 34 points' }).waitFor()
  expect(await page.getByRole('button', { name: 'Lasso' }).getAttribute('aria-pressed')).toBe('false')
  await page.waitForFunction(() => document.activeElement?.id === 'map-chosen')  // it has scrolled there
  const one = await somePoint(page)  // the list may have made the map narrower
  await page.keyboard.down('Shift')
  const [left, top] = [Math.max(one.x - 9, 1), Math.max(one.y - 9, 1)]  // not outside of the map
  await draw([[left, top], [one.x + 9, top], [one.x + 9, one.y + 12], [left, one.y + 12]])
  await page.keyboard.up('Shift')
  await page.waitForFunction(() => !document.getElementById('map-chosen')!.textContent!.includes('34'))
  expect(Number(/\d+/.exec((await chosen(page).textContent())!)![0])).toBeGreaterThan(0)
  await page.locator('.points .thumb img').first().waitFor()
  await accessible(page, 'lasso')
  await shoot(page, 'map-lasso')
  await page.getByRole('button', { name: 'Choose none' }).click()
  expect(await chosen(page).count()).toBe(0)
  expect(faults).toEqual([])
  await context.close()
})

test('outliers and duplicates are marked and listed, and groups are named where words fit', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map' })
  const before = await coloursOf(page)
  await page.getByText('Names and marks').click()
  await page.getByRole('button', { name: 'Mark outliers' }).click()
  await page.getByText('An expression that chooses what is usual').waitFor()
  await page.getByRole('form', { name: 'Outliers' }).getByLabel('Reference').fill('modality=MR')
  await page.getByRole('button', { name: 'Mark outliers' }).click()
  await page.getByText(/^(\d+) outliers?, \1 on this map/).waitFor()
  const rings = Number(/\d+/.exec((await page.getByText(/on this map/).textContent())!)![0])
  expect(rings).toBeGreaterThan(0)
  await page.waitForFunction((white) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.map canvas')!
    const { data } = canvas.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height)
    return data.some((byte, i) => i % 4 === 0 && data[i + 3]! > 0 && byte === white && data[i + 1] === white && data[i + 2] === white)
  }, 255)
  expect(before['#ffffff']).toBeUndefined()
  await page.getByRole('button', { name: 'Mark duplicates' }).click()
  await page.getByText(/^\d+ images? with equal pixels, \d+ on this map/).waitFor()
  await page.getByRole('button', { name: 'Name groups' }).click()
  const told = page.getByText(/^\d+ of [1-9]\d* groups (has|have) a name/)
  await told.waitFor()
  const line = (await told.textContent())!
  expect(await page.locator('.map .group').count()).toBe(Number(/^\d+/.exec(line)![0]))
  await accessible(page, 'layers')
  await shoot(page, 'map-layers')
  await page.getByLabel('Colours').selectOption('station')  // what was asked for stays
  await page.getByRole('heading', { name: 'Station' }).waitFor()
  await page.getByText(line, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'List outliers' }).click()
  await page.getByRole('heading', { name: `Chosen: ${rings} point` }).waitFor()
  await page.getByRole('button', { name: 'Hide outliers' }).click()
  await page.getByRole('button', { name: 'Mark outliers' }).waitFor()
  await page.getByRole('group', { name: 'Modality' }).getByRole('checkbox', { name: /^MR/ }).check()
  await page.getByRole('application', { name: 'Map of 15 points' }).waitFor()
  expect(await told.count()).toBe(0)  // that was of other points
  expect(faults).toEqual([])
  await context.close()
})

test('the keyboard alone does all of it', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await page.getByText('34 images').first().waitFor()
  await tabTo(page, 'Map')
  await page.keyboard.press('Enter')
  const point = await somePoint(page)
  await tabTo(page, 'List what is in view')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Chosen: 34 points' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.id === 'map-chosen')
  await plane(page).focus()
  const presses = async (key: string, times: number): Promise<void> => {
    for (let i = 0; i < times; i += 1) await page.keyboard.press(key)
  }
  const [right, down] = [Math.round((point.x - point.width / 2) / 24), Math.round((point.y - point.height / 2) / 24)]
  await presses(right < 0 ? 'ArrowLeft' : 'ArrowRight', Math.abs(right))
  await presses(down < 0 ? 'ArrowUp' : 'ArrowDown', Math.abs(down))
  await page.getByText(/^The nearest/).waitFor()
  await presses('+', 4)
  await page.getByRole('button', { name: 'List what is in view' }).press('Enter')
  await page.waitForFunction(() => !document.getElementById('map-chosen')!.textContent!.includes('34'))
  await plane(page).focus()
  await presses('0', 1)
  await page.getByRole('button', { name: 'List what is in view' }).press('Enter')
  await page.getByRole('heading', { name: 'Chosen: 34 points' }).waitFor()
  await plane(page).press('Escape')
  await page.getByText('No point is near the cursor.').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('a map by series is another one', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map', allowed: /404/ })
  await somePoint(page)
  await page.getByLabel('One point per').selectOption('series')
  await page.getByText('mi2 index map ARCHIVE --by series').waitFor()
  expect(await plane(page).count()).toBe(0)
  site.map('series')
  await page.reload()
  await page.getByText(/means of series, placed by/).waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('what was added after the map was made is said not to be on it', async () => {
  site.add(`${site.studies}/twice`, 'south')
  const { page, context, faults } = await open(browser, server.address, { at: 'view=map' })
  await page.getByText('2 images are not on the map').waitFor()
  site.map('image')
  await page.reload()
  await page.getByText('2 of them came after the map was made').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test.each([
  ['desktop', 1280, 900], ['phone', 390, 844], ['narrow', 320, 640], ['wide', 3840, 2160],
] as const)('the map fits %s, in dark and light, for everybody', async (name, width, height) => {
  const { page, context, faults } = await open(browser, server.address, { width, height, at: 'view=map&colour=station' })
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await somePoint(page)
    await plane(page).click()
    await accessible(page, `map ${name} ${theme}`)
    await shoot(page, `map-${name}-${theme}`)
    await fits(page)
    await page.getByRole('button', { name: /colours$/ }).click()
  }
  expect(faults).toEqual([])
  await context.close()
})
