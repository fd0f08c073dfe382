import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, launch, open, tabTo } from './browser'
import { Server, Site, stopAll } from './server'

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

const MARKUP = "<img src=x onerror=document.title='owned'>"
const words = (page: Page) => page.getByRole('searchbox', { name: 'Words', exact: true })
const cards = (page: Page) => page.locator('.card')

/// What the page's next search asks for.
async function body(page: Page, act: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const [request] = await Promise.all([page.waitForRequest((one) => one.url().endsWith('/search')), act()])
  await (await request.response())?.finished()
  return request.postDataJSON() as Record<string, unknown>
}

test('several words are searched at once, by the keyboard alone, and the address has them', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await words(page).fill('computed tomography head')
  await tabTo(page, 'And also…')
  expect(await body(page, () => page.keyboard.press('Enter'))).toMatchObject({ text: 'computed tomography head' })
  expect(await words(page).evaluate((one) => one === document.activeElement)).toBe(true)
  expect(await words(page).inputValue()).toBe('')
  await page.keyboard.type(MARKUP)
  expect(await body(page, () => page.keyboard.press('Enter'))).toMatchObject({ text: [MARKUP, 'computed tomography head'] })
  expect(await body(page, () => page.getByRole('button', { name: 'And also…' }).click())).toMatchObject({ text: ['computed tomography head', MARKUP] })
  const both = page.getByRole('list', { name: 'Also asked for' })
  await both.getByText(`like “${MARKUP}”`).waitFor()
  const turned = await body(page, () => page.getByRole('button', { name: `Look away from “${MARKUP}”` }).press('Enter'))
  expect(turned).toMatchObject({ text: 'computed tomography head', not_text: MARKUP })
  await page.getByRole('heading', { name: 'Results', exact: true }).waitFor()
  await accessible(page, 'several queries')
  const answer = async () => {
    await cards(page).first().locator('.thumb img').waitFor()  // until then its place has a word
    return cards(page).first().textContent()
  }
  const first = await answer()
  const address = page.url()
  await page.goto('about:blank')
  await page.goto(address)
  expect(await answer()).toBe(first)
  await both.getByText(`not like “${MARKUP}”`).waitFor()
  await page.getByRole('button', { name: 'Remove: “computed tomography head”' }).click()
  await page.getByText('Something to look for is needed too').waitFor()
  expect(await page.title()).toBe('Search – mi2')
  expect(faults).toEqual([])
  await context.close()
})

test('results are added to what is asked for, beside words and pictures', async () => {
  const { page, context, faults } = await open(browser, server.address)
  await words(page).fill('head')
  await words(page).press('Enter')
  await cards(page).first().waitFor()
  const first = await body(page, () => page.getByRole('button', { name: 'More like this: result 1', exact: true }).click())
  expect(first).toMatchObject({ text: 'head', item: [expect.any(Number)] })
  await page.getByText(/of the same patient/).waitFor()
  const second = await body(page, () => page.getByRole('button', { name: 'More like this: result 2', exact: true }).click())
  expect(second).toMatchObject({ text: 'head', item: [expect.any(Number), expect.any(Number)] })
  await page.getByText('This combination has no verdict').waitFor()
  const picture = join(site.studies, 'hospital', '3', 's0', '01.dcm')
  const third = await body(page, () => page.locator('input[type=file]').setInputFiles(picture))
  expect(third).toMatchObject({ text: 'head', item: second['item'], image: [expect.any(String)] })
  const away = await body(page, () => page.getByRole('button', { name: 'Look away from 01.dcm' }).click())
  expect(away).toMatchObject({ text: 'head', item: second['item'], not_image: third['image'] })
  expect(page.url()).toMatch(/text=head&item=\d+&item=\d+$/)
  await page.getByText('Your files are not in the address').waitFor()
  expect(faults).toEqual([])
  await context.close()
})
