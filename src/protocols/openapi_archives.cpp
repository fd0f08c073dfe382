// The routes of archives for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kArchivePaths = R"json({
"/v1/archives": {"get": {"tags": ["Archives"], "summary": "The archives that the caller may search",
  "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"type": "object", "required": ["archives"], "properties": {"archives": {"type": "array", "items": {"type": "object", "required": ["name", "id", "dimensions", "weights_sha256", "rights", "restricted"], "properties": {"name": {"type": "string"}, "rights": {"type": "array", "items": {"type": "string"}}, "restricted": {"type": "boolean"}}}}}}}}}}}},
"/v1/archives/{archive}": {"get": {"tags": ["Archives"], "summary": "What an archive is, and how much is in it",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "responses": {"200": {"description": "The archive", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Archive"}}}}}}},
"/v1/archives/{archive}/stats": {"get": {"tags": ["Archives"], "summary": "What is in it, by modality, site, month, ..", "description": "As mi2 index stats --format json; for callers who may see some rows only, their totals.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "responses": {"200": {"description": "Counts", "content": {"application/json": {"schema": {"type": "object", "required": ["id", "snapshot", "totals"]}}}}}}},
"/v1/archives/{archive}/facets": {"get": {"tags": ["Archives"], "summary": "Images by modality, body part, month, site, station and label",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"name": "where", "in": "query", "required": false, "description": "Only what this filter lets by", "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Counts of values", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Facets"}}}}}}},
"/v1/archives/{archive}/search": {"post": {"tags": ["Archives"], "summary": "The nearest studies, series, patients or images",
  "description": "Exact under every filter. What is searched is the sum of the directions of all that is given, less those of what begins with not_.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArchiveSearch"},
    "example": {"text": "x-ray chest anteroposterior", "where": "modality in (CR,DX)", "k": 5}}}},
  "responses": {"200": {"description": "Results, the best first", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArchiveResults"}}}}}}},
"/v1/archives/{archive}/items/{item}": {"get": {"tags": ["Archives"], "summary": "What is known of an image",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/ItemInPath"}],
  "responses": {"200": {"description": "An image, or the mean of a series", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArchiveItem"}}}}}}},
"/v1/archives/{archive}/items/{item}/thumb": {"get": {"tags": ["Archives"], "summary": "The thumbnail of an image", "description": "Of the mean of a series that of its middle slice. With the ETag of an answer before in If-None-Match, 304 without a body.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/ItemInPath"},
    {"name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "A small image, in the proportions of the image", "headers": {"ETag": {"schema": {"type": "string"}}, "Cache-Control": {"schema": {"type": "string"}}}, "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}, "304": {"description": "The client has it already"}}}},
"/v1/archives/{archive}/items/{item}/neighbours": {"get": {"tags": ["Archives"], "summary": "A search by an image of the archive",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/ItemInPath"},
    {"name": "k", "in": "query", "required": false, "schema": {"type": "integer", "minimum": 1, "maximum": 1000}},
    {"name": "by", "in": "query", "required": false, "schema": {"type": "string", "enum": ["study", "series", "patient", "image"]}},
    {"name": "match", "in": "query", "required": false, "schema": {"type": "string", "enum": ["best", "mean"]}},
    {"name": "same_patient", "in": "query", "required": false, "schema": {"type": "string", "enum": ["exclude", "include", "only"]}},
    {"name": "where", "in": "query", "required": false, "schema": {"type": "string"}},
    {"name": "cursor", "in": "query", "required": false, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Results, the best first", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArchiveResults"}}}}}}},
"/v1/archives/{archive}/studies/{study}": {"delete": {"tags": ["Archives"], "summary": "Take a study out", "description": "Without the right to, there is no such path.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/StudyInPath"},
    {"name": "erase", "in": "query", "required": false, "description": "Whether vectors and entries are overwritten, with all that was deleted before", "schema": {"type": "boolean"}}],
  "responses": {"200": {"description": "How many images went", "content": {"application/json": {"schema": {"type": "object", "required": ["images", "erased", "clean"], "properties": {"images": {"type": "integer"}, "erased": {"type": "boolean"}, "clean": {"type": "boolean", "description": "false: another process keeps the catalog's log, and what was erased may be in it"}}}}}}}}}
})json";

constexpr std::string_view kArchiveSchemas = R"json({
"Archive": {"type": "object", "required": ["name", "id", "dimensions", "weights_sha256", "snapshot", "images"], "properties": {"name": {"type": "string"}, "id": {"type": "string"}, "created": {"type": "string"}, "dimensions": {"type": "integer"}, "weights_sha256": {"type": "string"}, "profile": {"type": "string"}, "windows": {"type": "string"}, "snapshot": {"type": "integer"}, "patients": {"type": "integer"}, "studies": {"type": "integer"}, "series": {"type": "integer"}, "instances": {"type": "integer"}, "images": {"type": "integer"}, "rights": {"type": "array", "items": {"type": "string"}}, "restricted": {"type": "boolean"}}},
"Facet": {"type": "object", "required": ["values", "more"], "properties": {"more": {"type": "boolean", "description": "There are further values"}, "values": {"type": "array", "items": {"type": "object", "required": ["value", "images"], "properties": {"value": {"type": ["string", "null"]}, "images": {"type": "integer"}}}}}},
"Facets": {"type": "object", "required": ["snapshot", "images", "facets"], "properties": {"snapshot": {"type": "integer"}, "images": {"type": "integer"}, "facets": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Facet"}}}},
"Filter": {"description": "EXPR, such as modality in (CT,MR) and date>=2020, or the same as a tree", "anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]},
"Several": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}, {"type": "null"}]},
"SeveralImages": {"description": "Files as base64: PNG, JPEG, DICOM, ..", "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}, {"type": "null"}]},
"SeveralItems": {"description": "Numbers that results name", "anyOf": [{"type": "integer", "minimum": 0}, {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}, {"type": "null"}]},
"SeveralVectors": {"anyOf": [{"$ref": "#/components/schemas/Vector"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Vector"}}, {"type": "null"}]},
"ArchiveSearch": {"type": "object", "additionalProperties": false, "properties": {
  "text": {"$ref": "#/components/schemas/Several"}, "not_text": {"$ref": "#/components/schemas/Several"},
  "image": {"$ref": "#/components/schemas/SeveralImages"}, "not_image": {"$ref": "#/components/schemas/SeveralImages"},
  "item": {"$ref": "#/components/schemas/SeveralItems"}, "not_item": {"$ref": "#/components/schemas/SeveralItems"},
  "study": {"$ref": "#/components/schemas/Several"}, "not_study": {"$ref": "#/components/schemas/Several"},
  "series": {"$ref": "#/components/schemas/Several"}, "not_series": {"$ref": "#/components/schemas/Several"},
  "vector": {"$ref": "#/components/schemas/SeveralVectors"}, "not_vector": {"$ref": "#/components/schemas/SeveralVectors"},
  "k": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}, {"type": "null"}]},
  "by": {"enum": ["study", "series", "patient", "image", null]},
  "match": {"enum": ["best", "mean", null], "description": "A series is its best image, or the mean of its images"},
  "same_patient": {"enum": ["exclude", "include", "only", null], "description": "Images of the query's own patient"},
  "site": {"type": ["string", "null"], "description": "Where an image comes from, as mi2 index add had it"},
  "where": {"$ref": "#/components/schemas/Filter"},
  "cursor": {"type": ["string", "null"], "description": "Of the page before, with the same search"}}},
"ArchiveItem": {"type": "object", "required": ["item"], "properties": {"item": {"type": "integer"}, "path": {"type": "string", "description": "With the right to see paths"}, "kind": {"enum": ["image", "series"]}, "study": {"type": "string"}, "series": {"type": "string"}, "image": {"type": "string"}, "frame": {"type": "integer"}, "frames": {"type": "integer"}, "position": {"type": "number"}, "modality": {"type": "string"}, "body_part": {"type": "string"}, "date": {"type": "string"}, "study_description": {"type": "string"}, "series_description": {"type": "string"}, "site": {"type": "string"}, "station": {"type": "string"}, "thumb": {"type": "boolean", "description": "There is a thumbnail; absent: there is none"}, "snapshot": {"type": "integer"}}},
"ArchiveResult": {"allOf": [{"$ref": "#/components/schemas/ArchiveItem"}, {"type": "object", "required": ["rank", "score"], "properties": {"rank": {"type": "integer"}, "score": {"type": "number"}, "percentile": {"type": "number"}, "verdict": {"enum": ["match", "weak", "none"]}, "agrees": {"type": "array", "items": {"type": "string"}, "description": "Tags that a query by one thing of the archive has in common with it"}, "differs": {"type": "array", "items": {"type": "string"}}}}]},
"ArchiveResults": {"type": "object", "required": ["results", "exact", "snapshot", "searched", "excluded", "more", "provenance"], "properties": {
  "results": {"type": "array", "items": {"$ref": "#/components/schemas/ArchiveResult"}},
  "exact": {"type": "boolean", "description": "Proven: nothing that was searched is missing"},
  "snapshot": {"type": "integer"}, "searched": {"type": "integer"},
  "excluded": {"type": "object", "properties": {"same_patient": {"type": "integer"}, "other_patients": {"type": "integer"}, "filter": {"type": "integer"}, "deleted": {"type": "integer"}}},
  "more": {"type": "boolean"}, "cursor": {"type": "string"}, "crowded_patient": {"type": "boolean", "description": "The patient left out has so many of the studies that the identifier is probably nobody's"},
  "provenance": {"type": "object", "properties": {"archive": {"type": "string"}, "weights_sha256": {"type": "string"}, "profile": {"type": "string"}, "version": {"type": "string"}}}}}
})json";

}  // namespace

std::string_view openapi_archive_paths() { return kArchivePaths; }
std::string_view openapi_archive_schemas() { return kArchiveSchemas; }

}  // namespace mi2::protocols
