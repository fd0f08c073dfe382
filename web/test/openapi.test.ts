import { expect, test } from 'vitest'
import { address, operationsOf } from '../src/reference/openapi'

const [operation] = operationsOf({
  components: { parameters: { InPath: { name: 'archive', in: 'path', required: true } } },
  paths: {
    '/v1/archives/{archive}/facets': {
      get: {
        tags: ['Archives'], summary: 's', parameters: [{ $ref: '#/components/parameters/InPath' }, { name: 'where', in: 'query' }],
        responses: { 200: { description: 'Counts' } },
      },
    },
  },
})

test('an operation has its parameters, also those that are referred to', () => {
  expect(operation?.parameters.map((one) => one.name)).toEqual(['archive', 'where'])
  expect(operation?.example).toBeNull()
})

test('a value in a path stays one segment', () => {
  expect(address(operation!, { archive: '../x?y#z', where: 'a=b&c' })).toBe('/v1/archives/..%2Fx%3Fy%23z/facets?where=a%3Db%26c')
  expect(address(operation!, { archive: 'a' })).toBe('/v1/archives/a/facets')
})
