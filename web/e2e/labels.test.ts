import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits, launch, open, shoot } from './browser'
import { Server, Site, stopAll } from './server'

const MARKUP = "<img src=x onerror=document.title='owned'>"
const PLACE = 'view=classify&mode=label&archive=clinic&label=ct&label=mr'

let browser: Browser
let site: Site
let server: Server

beforeAll(async () => {
  site = new Site()
  server = new Server(site, ['--archive-heads', `clinic=${join(site.folder, 'heads')}`])
  ;[browser] = await Promise.all([launch(), server.start()])
})

afterAll(async () => {
  await browser?.close()
  await stopAll()
  site?.remove()
})

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const train = (page: Page) => page.getByRole('button', { name: 'Train', exact: true })
const counts = async (page: Page) => (await page.getByRole('list', { name: 'Labelled images' }).innerText()).replace(/\s+/g, ' ').trim()

/// Gives the next images the label that is their modality, by its key.
async function label(page: Page, images: number): Promise<void> {
  for (let i = 0; i < images; i += 1) {
    const shown = await page.locator('.labelling .place').innerText()
    const before = await page.locator('.labelling [role=status]').innerText()
    await page.keyboard.press(shown.includes('CT') ? '1' : '2')
    await page.waitForFunction((told) => document.querySelector('.labelling [role=status]')?.textContent !== told, before)
  }
}

test('twenty images are labelled by keys, a head is trained and applied, and each step is undone', async () => {
  const { page, context, faults } = await open(browser, server.address, { at: 'view=classify&archive=clinic' })
  await page.getByRole('link', { name: 'Label and train' }).click()
  await page.getByText('Nothing was trained yet.').waitFor()
  expect(await train(page).isDisabled()).toBe(true)
  await page.getByText('Label images first: of two labels or more').waitFor()
  await press(page, 'List images to label')
  await page.getByText('Two labels or more are needed.').waitFor()
  const form = page.getByRole('form', { name: 'List images to label' })
  await form.getByLabel('Labels, one in a line').fill('ct\nmr')
  await form.getByLabel('Of', { exact: true }).fill('site=north')
  await form.getByLabel('One result per').selectOption('image')
  await press(page, 'List images to label')
  const group = page.getByRole('group', { name: 'Label images' })
  await group.getByText('Image 1 of 30; 0 of them labelled.').waitFor()
  await page.waitForFunction(() => document.activeElement?.classList.contains('labelling'))
  await label(page, 20)
  await group.getByText('Image 21 of 30; 20 of them labelled.').waitFor()
  // What was last is taken back by keys and by a button, and given again.
  const all = await counts(page)
  await page.keyboard.press('Control+z')
  await group.getByText('Image 20 of 30; 19 of them labelled.').waitFor()
  await page.getByRole('button', { name: /^Undo: image \d+ as / }).click()
  await group.getByText('Image 19 of 30; 18 of them labelled.').waitFor()
  await group.focus()
  await label(page, 2)
  expect(await counts(page)).toBe(all)
  await page.reload()
  await page.getByText('20 images are trained on.').waitFor()
  expect(await counts(page)).toBe(all)
  expect(await page.evaluate(() => Object.values({ ...sessionStorage }).join())).toMatch(/^[\d[\],"ctmr]+$/)
  await train(page).click()
  await page.getByText(/^Trained on 20 images of \d patients\. Balanced accuracy \d+ %/).waitFor()
  await page.getByRole('region', { name: 'What it is worth' }).locator('.notice').getByText(/^(20 images: |On other patients)/).waitFor()
  expect(await page.getByRole('region', { name: 'Figures of each label' }).locator('tbody tr').count()).toBe(2)
  await accessible(page, 'labels')
  await press(page, 'Apply')
  await page.getByText('30 classified.').waitFor()
  expect(await page.getByRole('region', { name: 'Probabilities' }).locator('tbody tr').count()).toBe(30)
  await page.getByRole('region', { name: 'Probabilities' }).locator('.thumb img').first().waitFor()
  await shoot(page, 'labels')
  const [table] = await Promise.all([page.waitForEvent('download'), press(page, 'Save as CSV')])
  const lines = readFileSync(await table.path(), 'utf8').trimEnd().split('\n')
  expect(lines[0]).toBe('item,path,frame,study,series,image,modality,date,label,margin,ct,mr')
  expect(lines.length).toBe(31)
  const [weights] = await Promise.all([page.waitForEvent('download'), press(page, 'Save adapter.safetensors')])
  expect(readFileSync(await weights.path()).includes('mi2-head')).toBe(true)
  await press(page, 'Label the least decided')
  await group.getByText('Image 1 of 10; 0 of them labelled.').waitFor()
  const address = page.url()
  expect(address).toMatch(/mode=label.*label=ct&label=mr.*where=site%3Dnorth.*head=[0-9a-f]{32}/)
  await page.goto('about:blank')
  await page.goto(address)
  await page.getByText(/^Trained on 20 images/).waitFor()
  await press(page, 'Take all labels off')
  await page.getByText('Label images first').waitFor()
  await press(page, 'Go on with its labels')
  await page.getByText('20 images are trained on.').waitFor()
  await press(page, 'Undo this training')
  await page.getByText('Nothing was trained yet.').waitFor()
  expect(page.url()).not.toContain('head=')
  expect(await counts(page)).toBe(all)
  expect(faults).toEqual([])
  await context.close()
})

test('labels of one patient alone are refused in words, and markup stays text', async () => {
  const { page, context, faults } = await open(browser, server.address, {
    at: `view=classify&mode=label&archive=clinic&label=a&label=${encodeURIComponent(MARKUP)}&by=image&where=${encodeURIComponent('site!=north')}`, allowed: /400/,
  })
  await press(page, 'List images to label')
  const group = page.getByRole('group', { name: 'Label images' })
  await group.getByText('Image 1 of 4; 0 of them labelled.').waitFor()
  await group.getByRole('button', { name: MARKUP }).click()
  await group.getByRole('button', { name: MARKUP }).click()
  await group.getByRole('button', { name: 'a', exact: true }).click()
  await group.getByRole('button', { name: 'a', exact: true }).click()
  await train(page).click()
  await page.getByText('items: all are of one patient').waitFor()
  expect(await page.locator('main img:not(.thumb img), main script').count()).toBe(0)
  expect(await page.title()).toBe('Classify – mi2')
  expect(faults).toEqual([])
  await context.close()
})

test('a server that keeps no heads says how it is started', async () => {
  const plain = new Server(site)
  await plain.start()
  const { page, context, faults } = await open(browser, plain.address, { at: PLACE })
  await page.getByText('mi2 serve --archive-heads NAME=DIR').waitFor()
  await page.getByRole('link', { name: 'By words' }).click()
  await page.getByRole('button', { name: 'Classify', exact: true }).waitFor()
  expect(faults).toEqual([])
  await context.close()
  await plain.stop()
})

test.each([['desktop', 1280, 900], ['narrow', 320, 640]] as const)('labelling fits %s, in dark and light, for everybody', async (name, width, height) => {
  const found = await fetch(`${server.address}/v1/archives/clinic/search`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: 'x', by: 'image', k: 100, where: 'site=north' }),
  }).then((answer) => answer.json() as Promise<{ results: { item: number; modality: string }[] }>)
  const made = await fetch(`${server.address}/v1/archives/clinic/heads`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'a long name of a head '.repeat(5), items: found.results.map(({ item, modality }) => ({ item, label: modality })) }),
  }).then((answer) => answer.json() as Promise<{ id: string }>)
  const { page, context, faults } = await open(browser, server.address, { width, height, at: `${PLACE}&head=${made.id}` })
  await page.getByText(/^Trained on 30 images/).waitFor()
  await press(page, 'List images to label')
  await page.getByRole('group', { name: 'Label images' }).waitFor()
  await press(page, 'Apply')
  await page.getByText('34 classified.').waitFor()
  for (const theme of ['dark', 'light']) {
    await page.locator(`html[data-theme=${theme}]`).waitFor()
    await accessible(page, `labels ${name} ${theme}`)
    await fits(page)
    await shoot(page, `labels-${name}-${theme}`)
    await page.getByRole('button', { name: /colours/ }).click()
  }
  expect(faults).toEqual([])
  await context.close()
})
