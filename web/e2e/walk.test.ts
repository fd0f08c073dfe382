// One user's walk over real images: the 2,485 open ones and two DICOM series, which are no part of the repository.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot, type Watched } from './browser'
import { Place, Server, sharedData, stopAll } from './server'

const data = sharedData()
if (data === null) console.warn('walk.test.ts is skipped: MI2_SHARED_DATA has no starter/images and dicom-series')

describe.skipIf(data === null)('a walk over real images', () => {
  let browser: Browser
  let site: Place
  let server: Server
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    site = new Place()
    site.add(join(data!, 'starter', 'images'), 'open')
    for (const series of ['ct-head-ge', 'mr-t1-7t']) site.add(join(data!, 'dicom-series', series), 'scanner')
    site.map('image')
    server = new Server(site, ['--archive-cards', `clinic=${join(site.folder, 'cards')}`])
    ;[browser] = await Promise.all([launch(), server.start()])
    watched = await open(browser, server.address)
    page = watched.page
  })

  afterAll(async () => {
    await browser?.close()
    await stopAll()
    site?.remove()
  })

  const words = () => page.getByRole('searchbox', { name: 'Words', exact: true })
  const cards = () => page.locator('.card:visible')
  const view = (name: string) => page.getByRole('link', { name, exact: true }).click()
  const drop = (event: 'drop' | 'paste', name: string, type: string, bytes: Buffer): Promise<void> =>
    page.evaluate(({ event, name, type, base64 }) => {
      const carried = new DataTransfer()
      carried.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }))
      const options = { bubbles: true, cancelable: true }
      dispatchEvent(event === 'drop' ? new DragEvent('drop', { ...options, dataTransfer: carried }) : new ClipboardEvent('paste', { ...options, clipboardData: carried }))
    }, { event, name, type, base64: bytes.toString('base64') })
  const scores = async (): Promise<string> => (await page.locator('.verdict').allTextContents()).join()
  const otherScores = (before: string) =>
    page.waitForFunction((one) => {
      const now = [...document.querySelectorAll('.verdict')].map((each) => each.textContent).join()
      return now !== '' && now !== one && document.querySelector('.stale') === null
    }, before)
  const inOrder = async (where: string): Promise<void> => {
    await accessible(page, where)
    await fits(page)
    await shoot(page, `walk-${where}`)
    expect(watched.faults).toEqual([])
  }

  test('words find what they say, as the program does, and nothing where nothing is', async () => {
    await page.getByText('2,543 images').first().waitFor()
    const text = 'fundus photograph retina diabetic retinopathy'
    await words().fill(text)
    await words().press('Enter')
    await cards().first().locator('.thumb img').waitFor()
    const found = site.told('index', 'search', '--model', process.env['MI2_STARTER_MODEL']!, site.archive, '--text', text, '-f', 'jsonl')
      .trim().split('\n').map((line) => JSON.parse(line) as { path?: string; score?: number }).filter(({ score }) => score !== undefined)
    expect(found.every(({ path }) => path?.includes('/fundus_dr/'))).toBe(true)
    expect(await cards().first().textContent()).toContain(`score ${found[0]!.score!.toFixed(3)}`)
    expect(await cards().first().textContent()).toContain('Match')
    await inOrder('found')
    await words().fill('the weather in Paris tomorrow')
    await words().press('Enter')
    await page.getByText('Nothing here matches.').waitFor()
    await inOrder('nothing')
  })

  test('an image that is pasted, a part of it, and a DICOM object that is dropped are searched by', async () => {
    const folder = join(data!, 'starter', 'images', 'ct_head')
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await drop('paste', 'head.jpg', 'image/jpeg', readFileSync(join(folder, readdirSync(folder).sort()[40]!)))
    await page.getByText('like head.jpg').waitFor()
    await cards().first().locator('.thumb img').waitFor()
    expect(await page.getByText('Nothing here matches.').count()).toBe(0)
    const whole = await scores()
    await page.getByRole('button', { name: 'Choose a region of head.jpg' }).click()
    await page.getByLabel('Right', { exact: true }).fill('50')
    await page.getByRole('button', { name: 'Search by the region' }).click()
    await page.getByText('like a region of head.jpg').waitFor()
    await otherScores(whole)
    await page.getByRole('button', { name: 'Remove: a region of head.jpg' }).click()
    const slices = join(data!, 'dicom-series', 'ct-head-ge')
    const slice = readdirSync(slices).filter((name) => !name.startsWith('LICENSE')).sort()[10]!
    await drop('drop', 'slice.dcm', '', readFileSync(join(slices, slice)))
    await page.getByText('like slice.dcm').waitFor()
    await page.locator('.card:visible .badge').first().waitFor()
    await page.getByText('28 of the same patient').waitFor() // it is one of the archive's own
    await page.getByLabel('Same patient').selectOption('include')
    await cards().first().locator('.place').getByText('CT', { exact: true }).waitFor()
    expect(await cards().first().textContent()).toContain('score 1.000')
    await page.getByLabel('Same patient').selectOption('exclude')
    await inOrder('dropped')
  })

  test('a result leads to more like it and away from others, and a filter leaves out', async () => {
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await words().fill('magnetic resonance imaging brain')
    await words().press('Enter')
    await cards().first().waitFor()
    await page.getByRole('button', { name: 'More like this: result 1', exact: true }).click()
    await page.waitForURL(/item=\d+/)
    const before = await scores()
    await page.getByRole('button', { name: 'Not like this: result 2', exact: true }).click()
    await page.waitForURL(/not_item=\d+/)
    await otherScores(before)
    await page.getByRole('group', { name: 'Modality' }).getByRole('checkbox', { name: /^MR/ }).check()
    await page.getByText('2,513 filtered out').waitFor()
    await inOrder('filtered')
  })

  test('a study is looked at slice by slice, with where in it the words are', async () => {
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await words().fill('magnetic resonance imaging brain')
    await words().press('Enter')
    await page.getByRole('button', { name: 'Pin: result 1', exact: true }).click()
    await page.getByRole('button', { name: 'Look: result 1', exact: true }).click()
    const viewer = page.getByRole('application', { name: /^This study: Slice/ })
    await viewer.locator('canvas[data-item]').waitFor()
    await viewer.press('Home')
    await page.getByText('Slice 1 of 30', { exact: true }).first().waitFor()
    await viewer.press('End')
    await page.getByText('Slice 30 of 30', { exact: true }).first().waitFor()
    await page.getByLabel('Where in the image').check()
    await page.getByText(/Cosines with the query from/).waitFor()
    await inOrder('look')
  })

  test('the map shows all of them, names groups, and lists what is in view', async () => {
    await view('Map')
    await page.getByRole('application', { name: 'Map of 2,543 points' }).waitFor()
    await page.getByText('Names and marks').click()
    const labels = readFileSync(join(process.env['MI2_STARTER_MODEL']!, 'labels.txt'), 'utf8')
    await page.getByLabel('Words, one in a line').fill(labels)
    await page.getByRole('button', { name: 'Name groups' }).click()
    await page.getByText(/of \d+ groups (has|have) a name/).waitFor()
    const names = await page.locator('.map .group').allTextContents()
    expect(names.length).toBeGreaterThan(5)
    for (const begin of ['dermoscopy', 'x-ray chest', 'computed tomography head']) expect(names.some((name) => name.startsWith(begin)), `${begin} of ${names.join()}`).toBe(true)
    await page.getByRole('button', { name: 'List what is in view' }).click()
    await page.getByRole('heading', { name: 'Chosen: 2,543 points' }).waitFor()
    await page.locator('.points .thumb img').first().waitFor()
    await page.evaluate(() => scrollTo(0, 0))
    await inOrder('map')
  })

  test('quality compares, labels are given, and a card keeps what was found', async () => {
    await view('Quality')
    const visible = (label: string) => page.getByLabel(label, { exact: true }).locator('visible=true').first()
    await visible('Reference').fill('not modality in (CT,MR)')
    await visible('Compared with it').fill('modality=CT')
    await page.getByLabel('Judged as one').locator('visible=true').selectOption('image')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByText(/of 28 are outliers: farther from the 2,485 of the reference/).waitFor()
    await inOrder('quality')
    await view('Classify')
    await page.getByLabel('Labels, one in a line').fill('x-ray chest\ncomputed tomography head\nmagnetic resonance imaging brain')
    await visible('Of').fill('modality=CT')
    await page.getByRole('button', { name: 'Classify', exact: true }).click()
    await page.getByText('28 classified.').waitFor()
    await inOrder('classify')
    await view('Cards')
    await page.getByRole('button', { name: 'Make a card' }).click()
    await page.getByRole('heading', { name: /^Evidence card/ }).waitFor()
    await page.getByRole('button', { name: 'Search again and compare' }).click()
    await page.getByText('The same, to the last bit.').waitFor()
    await inOrder('card')
  })
})
