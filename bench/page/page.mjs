// Times the page of mi2 serve in Chromium, without a graphics card, and prints JSON.
//   node page.mjs ADDRESS ARCHIVE SEARCHES      the archive has a map of its images
import { createRequire } from 'node:module'

const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core')
const [address, archive, searches] = process.argv.slice(2)
const PARTS = ['chest', 'head', 'abdomen', 'knee', 'pelvis', 'wrist', 'spine']
const KINDS = ['computed tomography of the', 'radiograph of the', 'magnetic resonance of the', 'fracture of the']
const WARM = 2

const browser = await chromium.launch({
  executablePath: process.env.MI2_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'],
})
const faults = []

async function open(at) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(`${address}/ui/#archive=${archive}${at}`)
  return { context, page }
}

/// Of a browser that has nothing of it: when it paints first, and how much it has loaded as it comes over the wire.
async function firstPaint() {
  const { context, page } = await open('')
  await page.getByText(/\d images/).first().waitFor()
  const found = await page.evaluate(() => {
    const files = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter((entry) => new URL(entry.name).pathname.startsWith('/ui/'))
    return {
      ms: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      bytes: files.reduce((sum, file) => sum + file.encodedBodySize, 0),
    }
  })
  await context.close()
  return found
}

/// Milliseconds from pressing Enter to the last thumbnail on the screen.
async function search(page, text) {
  const words = page.getByRole('searchbox', { name: 'Words', exact: true })
  await words.fill(text)
  const found = page.evaluate(() => new Promise((resolve) => {
    const first = () => document.querySelector('.card')?.textContent ?? ''
    const before = first()
    let begun = 0
    addEventListener('keydown', () => { begun = performance.now() }, { once: true, capture: true })
    const look = () => {
      const shown = [...document.querySelectorAll('.card .thumb')].filter((one) => {
        const { top, bottom } = one.getBoundingClientRect()
        return bottom > 0 && top < innerHeight
      })
      const there = shown.filter((one) => one.querySelector('img')?.complete && one.querySelector('img').naturalWidth > 0)
      // No two of the texts have the same scores.
      if (begun > 0 && first() !== before && shown.length > 0 && there.length === shown.length) {
        return resolve({ ms: performance.now() - begun, thumbnails: there.length })
      }
      requestAnimationFrame(look)
    }
    look()
  }))
  await words.press('Enter')
  return found
}

/// How often per second the map is drawn again while it is zoomed at every frame.
async function mapFrames() {
  const { context, page } = await open('&view=map')
  const plane = page.getByRole('application')
  await plane.waitFor()
  const label = await plane.getAttribute('aria-label')
  const drawn = await page.evaluate(async () => {
    let count = 0
    let bright = 0
    const put = CanvasRenderingContext2D.prototype.putImageData
    CanvasRenderingContext2D.prototype.putImageData = function (image, ...rest) {
      count += 1
      bright = image.data
      return put.call(this, image, ...rest)
    }
    const map = document.querySelector('.map')
    const { left, top, width, height } = map.getBoundingClientRect()
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const zoom = (n) => map.dispatchEvent(new WheelEvent('wheel', {
      deltaY: n % 60 < 30 ? -20 : 20, clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true,
    }))
    for (let n = 0; n < 60; n += 1) { zoom(n); await frame() }  // compiled by then
    count = 0
    const begun = performance.now()
    for (let n = 0; performance.now() - begun < 4000; n += 1) { zoom(n); await frame() }
    const seconds = (performance.now() - begun) / 1000
    return { frames_per_second: count / seconds, width, height, pixels: bright.filter((byte, i) => i % 4 === 3 && byte > 0).length }
  })
  await context.close()
  return { points: Number(/([\d,]+) points/.exec(label)[1].replaceAll(',', '')), ...drawn }
}

const paints = []
for (let i = 0; i < 5; i += 1) paints.push(await firstPaint())
const { context, page } = await open('')
await page.getByText(/\d images/).first().waitFor()
const times = []
for (let i = 0; i < Number(searches) + WARM; i += 1) {
  times.push(await search(page, `${KINDS[i % KINDS.length]} ${PARTS[i % PARTS.length]}, number ${i}`))
}
await context.close()
const map = await mapFrames()
await browser.close()
console.log(JSON.stringify({ paints, searches: times.slice(WARM), map, faults }))
