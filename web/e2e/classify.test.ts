import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot, tabTo } from './browser'
import { Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"
const LABELS = 'computed tomography head\nx-ray chest'

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

const labels = (page: Page) => page.getByLabel('Labels, one in a line')
const run = (page: Page) => page.getByRole('button', { name: 'Classify', exact: true })
const rows = (page: Page) => page.getByRole('table').locator('tbody tr')

test('labels are scored for the archive, and the address fills in the form again', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await page.getByRole('link', { name: 'Classify', exact: true }).click()
  await run(page).click()
  await page.getByText('Two labels or more are needed').waitFor()
  await labels(page).fill(`${LABELS}\n${MARKUP}`)
  await tabTo(page, 'Classify')
  await page.keyboard.press('Enter')
  await page.getByText('34 classified.').waitFor()
  expect(await rows(page).count()).toBe(34)
  await rows(page).first().locator('.thumb img').waitFor()
  expect(await page.getByRole('table').getByText(MARKUP).count()).toBeGreaterThan(0)
  expect(await page.locator('img:not(.thumb img), b[onclick], main script').count()).toBe(0)
  expect(await page.title()).toBe('Classify – mi2')
  await accessible(page, 'classify')
  await shoot(page, 'classify')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()])
  const [head, ...lines] = readFileSync(await download.path(), 'utf8').trimEnd().split('\n')
  expect(head).toBe(`file,item,path,frame,study,series,image,modality,date,label,verdict,cosine,computed tomography head,x-ray chest,${MARKUP}`)
  expect(lines.length).toBe(34)
  const sums = lines.map((line) => line.split(',').slice(-3).reduce((sum, text) => sum + Number(text), 0))
  for (const sum of sums) expect(sum).toBeCloseTo(1, 6)
  expect(page.url()).toContain('#view=classify&archive=clinic&label=computed+tomography+head&label=x-ray+chest')
  const posts: string[] = []
  page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.url()) })
  const address = page.url()
  await page.goto('about:blank')
  await page.goto(address)
  await run(page).waitFor()
  expect(await labels(page).inputValue()).toBe(`${LABELS}\n${MARKUP}`)
  await page.waitForTimeout(300)
  expect(posts).toEqual([])
  expect(faults).toEqual([])
  await context.close()
})

test('where no label fits, it is said', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=classify&archive=clinic&label=tax+return+form&label=railway+timetable' })
  await run(page).click()
  await page.getByText('34 classified.').waitFor()
  const none = await page.getByRole('table').getByText('No label fits', { exact: true }).count()
  expect(none).toBeGreaterThan(0)
  await page.getByText(`Of ${none} no label fits`).waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('a filter and templates choose what is classified, and series are by their means', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=classify&archive=clinic' })
  await labels(page).fill('head\nchest')
  await page.getByLabel('Templates, one in a line').fill('no place')
  await run(page).click()
  await page.getByText('A template needs {}').waitFor()
  await page.getByLabel('Templates, one in a line').fill('computed tomography {}\n{} image')
  await page.getByLabel('Of', { exact: true }).fill('modality=MR')
  await page.locator('form.compare select').nth(1).selectOption('series')
  const [request] = await Promise.all([page.waitForRequest((one) => one.url().endsWith('/classify')), run(page).click()])
  expect(request.postDataJSON()).toEqual({
    labels: ['head', 'chest'], templates: ['computed tomography {}', '{} image'], by: 'series', limit: 100, where: 'modality=MR',
  })
  await page.getByText('5 classified.').waitFor()
  await page.getByLabel('Of', { exact: true }).fill('modality==')
  await run(page).click()
  await page.getByText(/filter: byte/).waitFor()
  expect(faults.filter((fault) => !fault.includes('400'))).toEqual([])
  await context.close()
})

test('items that an address names are classified in place of what a filter lets by', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=classify&archive=clinic&label=head&label=chest&item=0&item=1' })
  await page.getByText('2 images chosen on the map.').waitFor()
  await run(page).click()
  await page.getByText('2 classified.').waitFor()
  await page.getByRole('button', { name: 'Choose by an expression' }).click()
  await run(page).click()
  await page.getByText('34 classified.').waitFor()
  expect(page.url()).not.toContain('item=')
  expect(faults).toEqual([])
  await context.close()
})

test('a DICOM file that is dropped is classified, and is not in the address', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=classify&archive=clinic&label=head&label=chest' })
  await run(page).waitFor()
  const file = readFileSync(join(site.studies, 'hospital', '3', 's0', '01.dcm')).toString('base64')
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
    const data = new DataTransfer()
    data.items.add(new File([bytes], 'dropped.dcm'))
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }, file)
  await page.getByRole('list', { name: 'Your files' }).getByText('dropped.dcm').waitFor()
  await run(page).click()
  await page.getByText('1 classified.').waitFor()
  expect(await rows(page).getByText('dropped.dcm').count()).toBe(1)
  expect(page.url()).not.toContain('dropped')
  await page.getByRole('button', { name: 'Remove: dropped.dcm' }).click()
  await run(page).click()
  await page.getByText('Add a file: an image or a DICOM object.').waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test.each([['desktop', 1280, 900], ['narrow', 320, 640]] as const)('classifying fits %s, in dark and light, for everybody', async (name, width, height) => {
  const { page, context, faults } = await open(browser, server.address, { width, height, at: 'view=classify&archive=clinic&label=head&label=chest' })
  await run(page).click()
  await page.getByText('34 classified.').waitFor()
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await accessible(page, `classify ${name} ${theme}`)
    await fits(page)
    await page.getByRole('button', { name: /colours/ }).click()
  }
  expect(faults).toEqual([])
  await context.close()
})
