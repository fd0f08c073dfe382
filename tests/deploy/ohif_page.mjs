// Opens a study in OHIF and prints as JSON what a user sees of it.  node ohif_page.mjs ADDRESS PICTURE REPORT
// PICTURE and REPORT are parts of the descriptions of series, which are opened one after the other. Screenshots go into
// the folder MI2_SHOTS.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core')
const [address, picture, report] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.MI2_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
page.setDefaultTimeout(120_000)
const faults = []
page.on('console', (message) => {
  // What breaks inside of a viewer's part is logged as less than an error.
  if (message.type() === 'error' || /Error Boundary|Something went wrong/.test(message.text())) faults.push(message.text())
})
page.on('pageerror', (error) => faults.push(String(error)))
await page.addInitScript(() => localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour'])))

const series = page.locator('[data-cy^=study-browser-thumbnail]')
const viewport = page.locator('[data-cy=viewport-grid]')
const shoot = async (name) => {
  if (process.env.MI2_SHOTS !== undefined) await page.screenshot({ path: join(process.env.MI2_SHOTS, `ohif-${name}.png`) })
}

/// How many shades the image has that is shown, once there are several: a viewport is black until it is drawn.
async function shades() {
  const found = await page.waitForFunction(() => {
    const canvas = document.querySelector('[data-cy=viewport-grid] canvas.cornerstone-canvas')
    if (canvas === null || canvas.width === 0) return false
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const reds = new Set(data.filter((_, i) => i % 4 === 0)).size
    return reds > 3 && reds
  })
  return found.jsonValue()
}

const seen = {}
try {
  await page.goto(address)
  await series.filter({ hasText: report }).waitFor()
  await viewport.getByText(/\(\d+\/\d+\)/).waitFor()  // its first image is there
  seen.series = (await series.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim())
  await shoot('study')
  await series.filter({ hasText: picture }).dblclick()
  await viewport.getByText(picture).waitFor()
  seen.shades = await shades()
  await shoot('picture')
  await series.filter({ hasText: report }).dblclick()
  await viewport.getByText('Search result 1 of').first().waitFor()
  seen.report = await viewport.innerText()
  await shoot('report')
} catch (error) {
  faults.push(String(error))
  await shoot('fault')
}
await browser.close()
console.log(JSON.stringify({ ...seen, faults }))
