import { expect, test } from 'vitest'
import { between, canShow, pixels, WHOLE } from '../src/region'

test('a region is between two corners whichever way it was drawn, and within the image', () => {
  expect(between([0.8, 0.9], [0.2, 0.4])).toEqual({ left: 0.2, top: 0.4, right: 0.8, bottom: 0.9 })
  expect(between([-1, 0.5], [0.5, 7])).toEqual({ left: 0, top: 0.5, right: 0.5, bottom: 1 })
})

test('a region has whole pixels, at least one', () => {
  expect(pixels(WHOLE, 10, 7)).toEqual({ x: 0, y: 0, width: 10, height: 7 })
  expect(pixels({ left: 0.25, top: 0.5, right: 0.55, bottom: 0.5 }, 10, 10)).toEqual({ x: 2, y: 5, width: 4, height: 1 })
  expect(pixels({ left: 1, top: 1, right: 1, bottom: 1 }, 10, 10)).toEqual({ x: 9, y: 9, width: 1, height: 1 })
})

test('a region can be drawn on what a browser shows', () => {
  expect(canShow(new Blob([], { type: 'image/png' }))).toBe(true)
  expect(canShow(new Blob([], { type: 'image/tiff' }))).toBe(false)
  expect(canShow(new Blob([], { type: 'image/svg+xml' }))).toBe(false)
  expect(canShow(new Blob([]))).toBe(false)
})
