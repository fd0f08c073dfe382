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
export async function open(browser: Browser, address: string, options: { width?: number; height?: number; allowed?: RegExp } = {}): Promise<Watched> {
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
  await page.goto(`${address}/ui/`)
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

/// Into the folder MI2_SHOTS, for people to look at.
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['MI2_SHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: false })
}
