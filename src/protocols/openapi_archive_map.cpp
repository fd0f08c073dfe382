// The routes of archives' maps for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kMapPaths = R"json({
"/v1/archives/{archive}/map": {"get": {"tags": ["Archives"], "summary": "The points of the archive's map", "description": "Little-endian. A header of 40 bytes: MI2POINT, version 1 and the number of points (uint32 each), the smallest and the largest x and then y (float32 each), the snapshot (uint64). Then 12 bytes for each point, by item: x and y from 0 at the smallest to 65,535 at the largest (uint16 each), the item (uint32), the facet as the legend numbers it (uint16), 1 if it was placed after the map was made, else 0 (uint16). 404 until mi2 index map has made one.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"},
    {"name": "by", "in": "query", "required": false, "description": "Points are images, or means of series", "schema": {"type": "string", "enum": ["image", "series"], "default": "image"}},
    {"name": "colour", "in": "query", "required": false, "description": "What facets are values of", "schema": {"type": "string", "enum": ["modality", "body_part", "laterality", "plane", "contrast", "month", "site", "station"], "default": "modality"}},
    {"name": "where", "in": "query", "required": false, "description": "Only what this filter lets by", "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Points that the caller may see", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}}},
"/v1/archives/{archive}/map/{z}/{x}/{y}": {"get": {"tags": ["Archives"], "summary": "The points of a part of the archive's map", "description": "The map's square is divided into 2^z x 2^z tiles. Only the 12 bytes of each point, by item, as the map has them: x and y are those of the whole map, from 0 to 65,535 over all points that the caller may see, whatever the filter.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"},
    {"name": "z", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 0, "maximum": 16}},
    {"name": "x", "in": "path", "required": true, "description": "From the smallest x on, below 2^z", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
    {"name": "y", "in": "path", "required": true, "description": "From the smallest y on, below 2^z", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
    {"name": "by", "in": "query", "required": false, "description": "Points are images, or means of series", "schema": {"type": "string", "enum": ["image", "series"], "default": "image"}},
    {"name": "colour", "in": "query", "required": false, "description": "What facets are values of", "schema": {"type": "string", "enum": ["modality", "body_part", "laterality", "plane", "contrast", "month", "site", "station"], "default": "modality"}},
    {"name": "where", "in": "query", "required": false, "description": "Only what this filter lets by", "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Points of the tile that the caller may see", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}}},
"/v1/archives/{archive}/map/legend": {"get": {"tags": ["Archives"], "summary": "What the facets of the map's points mean",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"},
    {"name": "by", "in": "query", "required": false, "schema": {"type": "string", "enum": ["image", "series"], "default": "image"}},
    {"name": "colour", "in": "query", "required": false, "schema": {"type": "string", "enum": ["modality", "body_part", "laterality", "plane", "contrast", "month", "site", "station"], "default": "modality"}}],
  "responses": {"200": {"description": "Values, the most frequent first", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MapLegend"}}}}}}}
})json";

constexpr std::string_view kMapSchemas = R"json({
"MapLegend": {"type": "object", "required": ["by", "method", "colour", "snapshot", "fitted", "points", "values", "none", "other"], "properties": {
  "by": {"enum": ["image", "series"]}, "method": {"enum": ["umap", "pca"]}, "colour": {"type": "string"},
  "snapshot": {"type": "integer", "description": "The last change that the map knows"},
  "fitted": {"type": "integer", "description": "The change of which it was made; what came later is placed among its neighbours"},
  "points": {"type": "integer"},
  "values": {"type": "array", "items": {"type": "object", "required": ["facet", "value", "points"], "properties": {"facet": {"type": "integer"}, "value": {"type": "string"}, "points": {"type": "integer"}}}},
  "none": {"type": "integer", "description": "Points without a value: facet 0"},
  "other": {"type": "integer", "description": "Points of rarer values: facet 65,535"}}}
})json";

}  // namespace

std::string_view openapi_archive_map_paths() { return kMapPaths; }
std::string_view openapi_archive_map_schemas() { return kMapSchemas; }

}  // namespace mi2::protocols
