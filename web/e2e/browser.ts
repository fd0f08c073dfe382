// Chromium, and a page that fails its test for what a user would not see: errors in the console, violations of the
// Content-Security-Policy, requests to other origins.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function launch(): Promise<Browser> {
  const executablePath = process.env['MI2_CHROMIUM'] ?? '/usr/bin/chromium'
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  readonly faults: string[]
}

/// @param allowed  what a test brings about itself, such as a server that is gone.
/// @param at       what stands behind '#' in the address.
export async function open(browser: Browser, address: string, options: { width?: number; height?: number; allowed?: RegExp; at?: string } = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1280, height: options.height ?? 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const faults: string[] = []
  const note = (text: string): void => {
    if (options.allowed?.test(text) !== true) faults.push(text)
  }
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(message.text())
  })
  page.on('pageerror', (error) => note(String(error)))
  page.on('dialog', (dialog) => {
    note(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('blob:')) note(`request to ${request.url()}`)
  })
  await page.goto(`${address}/ui/${options.at === undefined ? '' : `#${options.at}`}`)
  return { page, context, faults }
}

export async function accessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    // @ts-expect-error axe is a global of the page
    const found = await axe.run(document, { resultTypes: ['violations'] })
    return found.violations.map((one: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`)
  })
  expect(violations, where).toEqual([])
}

/// Presses Tab until something of this name has the focus, as whoever has no mouse does.
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLLabelElement> | null }
      return element.getAttribute('aria-label') ?? element.labels?.[0]?.querySelector('span')?.textContent ?? element.labels?.[0]?.textContent ?? element.textContent
    })
    if (focused === name) return
  }
  throw new Error(`expected Tab to come to '${name}'`)
}

/// That nothing of the page is beyond the right side of the screen.
export async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
}

/// Into the folder MI2_SHOTS, for people to look at.
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['MI2_SHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: false })
}
