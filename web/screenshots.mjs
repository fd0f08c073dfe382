// Photographs the page with the archive that `make demo` has made: each view on screens of four sizes, dark and light.
//   node screenshots.mjs PROGRAM MODEL ARCHIVE OUT [NAME...]      NAME: of views and screens; all if there is none
// OUT gets VIEW-SCREEN-THEME.png, and the same as WebP, which docs/images has. Whatever the page logs as an error ends it.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const [program, model, archive, out, ...names] = process.argv.slice(2)
if (out === undefined) {
  console.error('usage: screenshots.mjs PROGRAM MODEL ARCHIVE OUT [NAME...]')
  process.exit(2)
}
const SCREENS = { desktop: [1440, 900], phone: [420, 900], narrow: [320, 640], wide: [3840, 2160] }
const HEAD = 'archive=demo&text=magnetic+resonance+imaging+brain'
const LABELS = ['magnetic resonance imaging brain no tumor', 'computed tomography head axial', 'fundus photograph retina diabetic retinopathy']

/// Thumbnails load when they come onto the screen.
async function thumbnailIn(page, place) {
  await page.locator(`${place} .thumb`).first().scrollIntoViewIfNeeded()
  await page.locator(`${place} .thumb img`).first().waitFor()
}

/// Of a view: its address, and what is done until it shows something.
const VIEWS = {
  search: [HEAD, async (page) => thumbnailIn(page, '.card')],
  look: [`view=look&archive=demo&study=2.25.21000&text=magnetic+resonance+imaging+brain`, async (page) => {
    await page.locator('.viewer canvas[data-item]').waitFor()
    await page.getByRole('button', { name: /^To the most alike/ }).click()
    await page.getByLabel('Where in the image').check()
    await page.getByText(/Cosines with the query from/).waitFor()
    await page.evaluate(() => document.querySelector('.heat').scrollIntoView({ block: 'end' }))
  }],
  map: ['view=map&archive=demo', async (page) => {
    await page.getByRole('application').waitFor()
    await page.getByText('Names and marks').click()
    await page.getByRole('button', { name: 'Name groups' }).click()
    await page.getByText(/have a name|has a name/).waitFor()
    await page.evaluate(() => scrollTo(0, 0))
    const point = await page.evaluate(() => {
      const canvas = document.querySelector('.map canvas')
      const { data, width } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height)
      const { left, top, width: shown } = canvas.getBoundingClientRect()
      const at = data.findIndex((byte, i) => i % 4 === 3 && byte > 0) >> 2
      return { x: left + (at % width) * shown / width, y: top + Math.floor(at / width) * shown / width }
    })
    await page.mouse.move(point.x, point.y)
    await page.locator('.point .thumb img').first().waitFor()
  }],
  quality: ['view=quality&archive=demo&reference=modality%3DMR&pool=image', async (page) => {
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await thumbnailIn(page, 'table')
  }],
  classify: [`view=classify&archive=demo&${LABELS.map((label) => `label=${label.replaceAll(' ', '+')}`).join('&')}`, async (page) => {
    await page.getByRole('button', { name: 'Classify', exact: true }).click()
    await thumbnailIn(page, 'table')
  }],
  cards: [HEAD, async (page) => {
    await page.getByRole('button', { name: 'Pin: result 1', exact: true }).click()
    await page.getByRole('link', { name: 'Cards', exact: true }).click()
    await page.getByRole('button', { name: 'Make a card' }).click()
    await page.getByRole('heading', { name: /^Evidence card/ }).waitFor()
    await thumbnailIn(page, '.evidence')
  }],
}
const wanted = (all) => {
  const some = Object.keys(all).filter((name) => names.includes(name))
  return some.length > 0 ? some : Object.keys(all)
}

const folder = mkdtempSync(join(tmpdir(), 'mi2-screenshots-'))
const server = spawn(program, ['serve', '--port', '0', '--model', model, '--archive', `demo=${archive}`, '--archive-cards', `demo=${join(folder, 'cards')}`],
  { stdio: ['ignore', 'pipe', 'ignore'] })
const browser = await chromium.launch({ executablePath: process.env.MI2_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const faults = []

/// PNG to WebP, by the browser.
const toWebp = (page, png) => page.evaluate(async (base64) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]))
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext('2d').drawImage(image, 0, 0)
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 })).arrayBuffer())
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))
}, png.toString('base64'))

async function photograph(address, view, screen, theme) {
  const [width, height] = SCREENS[screen]
  const context = await browser.newContext({ viewport: { width, height } })
  await context.addInitScript((one) => localStorage.setItem('mi2-theme', one), theme)
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  page.on('console', (message) => message.type() === 'error' && faults.push(`${view} ${screen}: ${message.text()}`))
  page.on('pageerror', (error) => faults.push(`${view} ${screen}: ${error}`))
  const [at, show] = VIEWS[view]
  await page.goto(`${address}/ui/#${at}`)
  await show(page)
  await page.waitForLoadState('networkidle')
  if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${view} ${screen}: wider than the screen`)
  const png = await page.screenshot()
  writeFileSync(join(out, `${view}-${screen}-${theme}.png`), png)
  writeFileSync(join(out, `${view}-${screen}-${theme}.webp`), Buffer.from(await toWebp(page, png), 'base64'))
  await context.close()
}

try {
  let address
  for await (const line of createInterface({ input: server.stdout })) {
    address = /^listening on (\S+)$/.exec(line)?.[1]
    if (address !== undefined) break
  }
  if (address === undefined) throw new Error(`${program} serve did not start`)
  while (!(await fetch(`${address}/health/ready`).catch(() => null))?.ok) await new Promise((resolve) => setTimeout(resolve, 100))
  mkdirSync(out, { recursive: true })
  for (const view of wanted(VIEWS)) {
    for (const screen of wanted(SCREENS)) {
      for (const theme of ['dark', 'light']) await photograph(address, view, screen, theme)
    }
    console.log(`screenshots: ${view}`)
  }
} finally {
  await browser.close()
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}
