// The routes of evidence cards for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kCardPaths = R"json({
"/v1/archives/{archive}/cards": {"post": {"tags": ["Archives"], "summary": "Search, and answer with an evidence card", "description": "The body is that of a search, without a cursor, and notes of what it finds. The card says what was asked, searched, left out and found, so that the search can be repeated to the last bit: as JSON, or as a page if Accept names text/html and not application/json. Only for keys that may see all rows.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CardRequest"},
    "example": {"text": "x-ray chest anteroposterior", "k": 5, "notes": {"text": "for the conference"}}}}},
  "responses": {"200": {"description": "The card; it was not kept", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EvidenceCard"}}, "text/html": {"schema": {"type": "string"}}}},
    "201": {"description": "The card; it was kept", "headers": {"Location": {"description": "Where the card is", "schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EvidenceCard"}}, "text/html": {"schema": {"type": "string"}}}},
    "403": {"description": "The key may not see all rows", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}},
"/v1/archives/{archive}/cards/{card}": {"get": {"tags": ["Archives"], "summary": "A card that was kept", "description": "With .html behind the id, its page.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"name": "card", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}([.]html)?$"}}],
  "responses": {"200": {"description": "The card", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EvidenceCard"}}, "text/html": {"schema": {"type": "string"}}}},
    "403": {"description": "The key may not see all rows", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}},
"/v1/archives/{archive}/cards/{card}/push": {"post": {"tags": ["Archives"], "summary": "Send the results of a kept card as DICOM objects", "description": "As mi2 index push: a structured report and a picture in each study that the card has results in. Without \"send\" the answer says what would be sent. Where to is one of the operator's names (push_to of the archive). The same card makes the same objects, so that a second push changes nothing. Only for keys with the right to push.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"name": "card", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PushRequest"}, "example": {"to": "pacs", "as": "both"}}}},
  "responses": {"200": {"description": "What was sent, or would be", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pushed"}}}},
    "403": {"description": "The key may not see all rows", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}},
"/v1/archives/{archive}/tags/push": {"post": {"tags": ["Archives"], "summary": "Send tags that may be wrong as DICOM objects", "description": "As mi2 index push of a table of mi2 index tags: a structured report in each study, of those results of tags that the caller has accepted, each once. Without \"send\" the answer says what would be sent. A fix is left out if the archive has another series or tag by now, or no series with the suggested value. Where to is one of the operator's names (push_to of the archive). Equal fixes make equal objects. Only for keys with the right to push.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PushTagsRequest"},
    "example": {"to": "pacs", "fixes": [{"field": "body_part", "tag": "HEAD", "suggested": "CHEST", "agreement": 0.9, "method": "neighbours:10", "item": 4, "snapshot": 17, "study": "1.2.3", "series": "1.2.3.4"}]}}}},
  "responses": {"200": {"description": "What was sent, or would be", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pushed"}}}},
    "403": {"description": "The key may not see all rows", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}},
"/v1/archives/{archive}/replay": {"post": {"tags": ["Archives"], "summary": "Repeat a card's search and compare", "description": "The body is a card, byte by byte as it was given. Searches as of the card's snapshot with the vectors that the card holds; what differs is a result, not an error. Only for keys that may see all rows.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EvidenceCard"}}}},
  "responses": {"200": {"description": "What differs", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Replay"}}}},
    "403": {"description": "The key may not see all rows", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiError"}}}}}}}
})json";

constexpr std::string_view kCardSchemas = R"json({
"EvidenceCard": {"type": "object", "required": ["card", "id", "made_at", "mi2_version", "archive", "asked", "searched", "results"], "properties": {
  "card": {"enum": [1, 2, 3, 4, 5], "description": "5: with a least score; 4: of tiles; 3: slice by slice; 2: with notes or pins"}, "id": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the same text without this member"},
  "previous": {"type": "string", "description": "The card before in the folder where it is kept"}, "made_at": {"type": "string"}, "mi2_version": {"type": "string"},
  "note": {"type": "string", "description": "What whoever made it says of the search"},
  "archive": {"type": "object"},
  "asked": {"type": "object", "properties": {"parts": {"type": "array", "items": {"type": "object", "properties": {"as": {"enum": ["text", "image", "item", "series", "study", "vector"]}, "text": {"type": "string"}, "sha256": {"type": "string"}, "item": {"type": "integer"}, "uid": {"type": "string"}, "weight": {"type": "number"}}}}, "where": {"type": "string"}, "k": {"type": "integer"}, "by": {"type": "string"}, "same_patient": {"type": "string"}, "min_score": {"type": "number"}, "min_score_auto": {"type": "boolean"}}},
  "searched": {"type": "object", "properties": {"rows": {"type": "integer"}, "snapshot": {"type": "integer"}, "exact": {"type": "boolean"}}},
  "results": {"type": "array", "items": {"type": "object", "required": ["rank", "score", "item", "kind", "frame", "frames"], "properties": {"rank": {"type": "integer"}, "score": {"type": "number"}, "percentile": {"type": "number"}, "verdict": {"enum": ["match", "weak", "none"]}, "pinned": {"type": "boolean"}, "note": {"type": "string"}, "item": {"type": "integer"}, "kind": {"enum": ["frame", "series"]}, "frame": {"type": "integer"}, "frames": {"type": "integer"}, "tile": {"$ref": "#/components/schemas/Tile"}, "window": {"type": "string", "description": "In an archive of several windows, the one through which it was seen"}, "study": {"type": "string"}, "series": {"type": "string"}, "image": {"type": "string"}, "modality": {"type": "string"}, "body_part": {"type": "string"}, "date": {"type": "string"}, "study_description": {"type": "string"}, "series_description": {"type": "string"}, "site": {"type": "string"}, "station": {"type": "string"}}}}}},
"CardNotes": {"type": "object", "additionalProperties": false, "properties": {
  "text": {"type": ["string", "null"], "maxLength": 4000, "description": "Of the search; at most 4000 bytes"},
  "results": {"anyOf": [{"type": "array", "maxItems": 1000, "items": {"type": "object", "additionalProperties": false, "required": ["item"], "properties": {"item": {"type": "integer", "minimum": 0, "description": "Of a result, which is pinned"}, "text": {"type": ["string", "null"], "maxLength": 4000}}}}, {"type": "null"}]}}},
"PushRequest": {"type": "object", "additionalProperties": false, "required": ["to"], "properties": {
  "to": {"type": "string", "description": "A name of push_to"}, "as": {"enum": ["sr", "sc", "both", null]}, "send": {"type": ["boolean", "null"], "default": false}}},
"PushTagsRequest": {"type": "object", "additionalProperties": false, "required": ["to", "fixes"], "properties": {
  "to": {"type": "string", "description": "A name of push_to"}, "send": {"type": ["boolean", "null"], "default": false},
  "fixes": {"type": "array", "minItems": 1, "maxItems": 10000, "description": "Results of tags", "items": {"type": "object", "additionalProperties": false, "required": ["field", "suggested", "agreement", "method", "item", "snapshot"], "properties": {
    "field": {"enum": ["modality", "body_part", "laterality", "plane", "contrast", "sequence", "protocol"]}, "tag": {"type": ["string", "null"], "maxLength": 256}, "suggested": {"type": "string", "minLength": 1, "maxLength": 256}, "agreement": {"type": "number", "minimum": 0, "maximum": 1}, "method": {"type": "string", "pattern": "^neighbours:[0-9]+$"}, "item": {"type": "integer", "minimum": 0}, "snapshot": {"type": "integer", "minimum": 1}, "study": {"type": ["string", "null"]}, "series": {"type": ["string", "null"]}}}}}},
"Pushed": {"type": "object", "required": ["to", "send", "sent", "failed", "of_no_study", "objects", "left_out"], "properties": {
  "card": {"type": "string", "description": "Not of tags"}, "to": {"type": "string"}, "send": {"type": "boolean"}, "sent": {"type": "integer"}, "failed": {"type": "integer"},
  "of_no_study": {"type": "integer", "description": "Results that no study has"},
  "objects": {"type": "array", "items": {"type": "object", "required": ["kind", "object", "study", "results", "left_out", "bytes", "outcome"], "properties": {"kind": {"enum": ["SR", "SC"]}, "object": {"type": "string"}, "study": {"type": "string"}, "results": {"type": "integer"}, "left_out": {"type": "integer"}, "bytes": {"type": "integer"}, "outcome": {"enum": ["not_sent", "sent", "was_there", "failed"]}, "reason": {"type": "string"}}}},
  "left_out": {"type": "array", "items": {"type": "object", "required": ["what", "code", "reason"], "properties": {"what": {"type": "string"}, "code": {"type": "string"}, "reason": {"type": "string"}}}}}},
"Replay": {"type": "object", "required": ["card", "same", "differences", "notes"], "properties": {
  "card": {"type": "string"}, "same": {"type": "boolean", "description": "Nothing differs, to the last bit"},
  "differences": {"type": "array", "items": {"type": "object", "required": ["what", "text"], "properties": {"what": {"enum": ["erased", "missing", "new", "rank", "score", "object", "verdict", "searched", "query"]}, "rank": {"type": "integer"}, "text": {"type": "string"}}}},
  "notes": {"type": "array", "items": {"type": "string"}}}}
})json";

}  // namespace

std::string_view openapi_archive_card_paths() { return kCardPaths; }
std::string_view openapi_archive_card_schemas() { return kCardSchemas; }

}  // namespace mi2::protocols
