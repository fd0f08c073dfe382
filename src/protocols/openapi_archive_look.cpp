// The routes by which studies are looked at, for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kLookPaths = R"json({
"/v1/archives/{archive}/items/{item}/pixels": {"get": {"tags": ["Archives"], "summary": "An image from the file that it was added from", "description": "Through a window, with 8 bits. With the ETag of an answer before in If-None-Match, 304 without a body.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/ItemInPath"},
    {"name": "window", "in": "query", "required": false, "description": "CENTER,WIDTH in the units after the modality LUT, or lung, soft, bone or brain, which are for CT alone; without it, the file's own. Of DICOM and volumes; other pictures are as they are", "schema": {"type": "string"}},
    {"name": "invert", "in": "query", "required": false, "description": "Whether black is white", "schema": {"type": "boolean", "default": false}},
    {"name": "size", "in": "query", "required": false, "description": "Most pixels of the longer side; a smaller image keeps its size", "schema": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 2048}},
    {"name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "The image", "headers": {"ETag": {"schema": {"type": "string"}}, "Cache-Control": {"schema": {"type": "string"}},
      "X-Mi2-Columns": {"description": "Of the image as it is stored", "schema": {"type": "integer"}}, "X-Mi2-Rows": {"schema": {"type": "integer"}},
      "X-Mi2-Window": {"description": "CENTER,WIDTH by which it is shown; absent where there is none, or a window changes nothing", "schema": {"type": "string"}},
      "X-Mi2-Spacing": {"description": "mm between rows, and between columns", "schema": {"type": "string"}}},
      "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}, "304": {"description": "The client has it already"},
    "409": {"description": "There is no file that has what was added: code is no_file (it came over a network), changed or unreadable", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}},
    "410": {"description": "The file is no longer there", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}},
"/v1/archives/{archive}/studies/{study}/similarity": {"post": {"tags": ["Archives"], "summary": "The cosine of each image of a study with a query", "description": "Exact, from the stored vectors, in the order of the study.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/StudyInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StudyQuery"}, "example": {"text": "pleural effusion"}}}},
  "responses": {"200": {"description": "Cosines", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StudySimilarity"}}}}}}},
"/v1/archives/{archive}/studies/{study}/matches": {"get": {"tags": ["Archives"], "summary": "Of each image of a study the nearest one of another", "description": "Exact, from the stored vectors, in the order of the study. At most 4,000,000 pairs are compared.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/StudyInPath"},
    {"name": "with", "in": "query", "required": true, "description": "The other study", "schema": {"type": "string", "minLength": 1}},
    {"name": "series", "in": "query", "required": false, "description": "Of the study this series alone", "schema": {"type": "string"}},
    {"name": "with_series", "in": "query", "required": false, "description": "Of the other study this series alone", "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Pairs", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StudyMatches"}}}}}}}
})json";

constexpr std::string_view kLookSchemas = R"json({
"Study": {"type": "object", "required": ["study", "images", "more", "series", "snapshot"], "properties": {
  "study": {"type": "string"}, "date": {"type": "string"}, "study_description": {"type": "string"}, "site": {"type": "string"},
  "images": {"type": "integer"}, "more": {"type": "boolean", "description": "There are images beyond the first 20,000"}, "snapshot": {"type": "integer"},
  "viewer": {"type": "string", "description": "Where the server's viewer shows the study, if it has one and the archive keeps identifiers"},
  "series": {"type": "array", "items": {"$ref": "#/components/schemas/StudySeries"}}}},
"StudySeries": {"type": "object", "required": ["series", "items"], "properties": {
  "series": {"type": "string"}, "modality": {"type": "string"}, "body_part": {"type": "string"}, "series_description": {"type": "string"}, "station": {"type": "string"},
  "window": {"type": "string", "description": "In an archive of several windows, the one through which its images were seen: the series comes once for each"},
  "other_study": {"type": "boolean", "description": "It is of another study than the first series, of another patient as far as is known, with the same identifier; absent: it is not"},
  "items": {"type": "array", "description": "In the order in which they lie", "items": {"$ref": "#/components/schemas/StudyItem"}}}},
"StudyItem": {"type": "object", "required": ["item", "frame", "frames"], "properties": {
  "item": {"type": "integer"}, "image": {"type": "string"}, "frame": {"type": "integer", "description": "Of its object, from 1"}, "frames": {"type": "integer"}, "tile": {"$ref": "#/components/schemas/Tile"}, "window": {"type": "string", "description": "In an archive of several windows, the one through which it was seen"},
  "position": {"type": "number", "description": "mm along the normal of its plane"}, "thumb": {"type": "boolean", "description": "There is a thumbnail; absent: there is none"}}},
"StudySimilarity": {"type": "object", "required": ["items", "more", "snapshot"], "properties": {
  "snapshot": {"type": "integer"}, "more": {"type": "boolean"},
  "items": {"type": "array", "items": {"type": "object", "required": ["item", "cosine"], "properties": {"item": {"type": "integer"}, "cosine": {"type": "number"}}}}}},
"StudyMatches": {"type": "object", "required": ["items", "more", "snapshot"], "properties": {
  "snapshot": {"type": "integer"}, "more": {"type": "boolean"},
  "items": {"type": "array", "items": {"type": "object", "required": ["item", "nearest", "cosine"], "properties": {"item": {"type": "integer"}, "nearest": {"type": "integer", "description": "The item of the other study; of several windows through the same one, if that study has it"}, "cosine": {"type": "number"}}}}}}
})json";

}  // namespace

std::string_view openapi_archive_look_paths() { return kLookPaths; }
std::string_view openapi_archive_look_schemas() { return kLookSchemas; }

}  // namespace mi2::protocols
