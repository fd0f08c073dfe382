// The routes of heads that are trained on an archive for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kHeadPaths = R"json({
"/v1/archives/{archive}/heads": {"get": {"tags": ["Archives"], "summary": "Heads that are kept, the newest first", "description": "With a where in the caller's rights only those that were trained with the same.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"type": "object", "required": ["heads"], "properties": {"heads": {"type": "array", "items": {"$ref": "#/components/schemas/HeadInShort"}}}}}}}}},
 "post": {"tags": ["Archives"], "summary": "Train a head on labelled items", "description": "As mi2 adapter train with --kind linear: logistic regression on the vectors that the archive has, judged by cross-validation in which the rows of a patient stay together. Only where the server keeps heads, for keys with the right to label.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TrainRequest"},
    "example": {"items": [{"item": 0, "label": "chest"}, {"item": 7, "label": "head"}], "name": "body part"}}}},
  "responses": {"201": {"description": "The head, which is kept", "headers": {"Location": {"description": "Where the head is", "schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Head"}}}}}}},
"/v1/archives/{archive}/heads/{head}": {"get": {"tags": ["Archives"], "summary": "A head: what it was trained on and what it is worth",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/HeadInPath"}],
  "responses": {"200": {"description": "The head", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Head"}}}}}},
 "delete": {"tags": ["Archives"], "summary": "Delete a head", "description": "As if it had not been trained. Only for keys with the right to label.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/HeadInPath"}],
  "responses": {"200": {"description": "It is gone", "content": {"application/json": {"schema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}}}}}},
"/v1/archives/{archive}/heads/{head}/apply": {"post": {"tags": ["Archives"], "summary": "Probabilities of a head's labels for items, or for what a filter lets by", "description": "From the vectors that the archive has: by item, the least decided first, or those first that have a label most probably.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/HeadInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApplyRequest"},
    "example": {"where": "modality=CT", "order": "uncertain", "limit": 20}}}},
  "responses": {"200": {"description": "Probabilities, in the order of the labels", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Applied"}}}}}}},
"/v1/archives/{archive}/heads/{head}/files/{file}": {"get": {"tags": ["Archives"], "summary": "The head's files, for mi2 adapter classify", "description": "Saved as NAME.json and NAME.safetensors they are what mi2 adapter train writes.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}, {"$ref": "#/components/parameters/HeadInPath"}, {"name": "file", "in": "path", "required": true, "schema": {"enum": ["adapter.json", "adapter.safetensors"]}}],
  "responses": {"200": {"description": "The file", "content": {"application/json": {"schema": {"type": "object"}}, "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}}}
})json";

constexpr std::string_view kHeadSchemas = R"json({
"TrainRequest": {"type": "object", "additionalProperties": false, "required": ["items"], "properties": {
  "items": {"type": "array", "maxItems": 2000, "description": "Of two labels or more, at most 32, and of two patients or more", "items": {"type": "object", "additionalProperties": false, "required": ["item", "label"], "properties": {"item": {"type": "integer", "minimum": 0}, "label": {"type": "string", "minLength": 1, "maxLength": 200, "description": "At most 200 bytes"}}}},
  "name": {"type": ["string", "null"], "maxLength": 200}, "balanced": {"type": ["boolean", "null"], "description": "Items of rare labels weigh more"},
  "seed": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0}, {"type": "null"}]}}},
"HeadFigure": {"type": "object", "required": ["value", "low", "high"], "description": "low and high: its interval, null where the rows are too few for one", "properties": {"value": {"type": ["number", "null"]}, "low": {"type": ["number", "null"]}, "high": {"type": ["number", "null"]}}},
"HeadReport": {"type": "object", "description": "As mi2 adapter train --format json", "required": ["labels", "rows", "accuracy", "balanced_accuracy", "mean_auc", "classes", "split", "warnings"], "properties": {
  "labels": {"type": "array", "items": {"type": "string"}}, "rows": {"type": "integer", "description": "That the figures rest on"}, "train_rows": {"type": "integer"}, "evaluated_on": {"type": "string"},
  "accuracy": {"$ref": "#/components/schemas/HeadFigure"}, "balanced_accuracy": {"$ref": "#/components/schemas/HeadFigure"}, "mean_auc": {"$ref": "#/components/schemas/HeadFigure"},
  "classes": {"type": "array", "items": {"type": "object", "required": ["label", "support", "train_rows", "auc", "precision", "recall"], "properties": {"label": {"type": "string"}, "support": {"type": "integer"}, "train_rows": {"type": "integer"}, "groups": {"type": "integer"}, "train_groups": {"type": "integer"}, "auc": {"$ref": "#/components/schemas/HeadFigure"}, "precision": {"type": "number"}, "recall": {"type": "number"}, "f1": {"type": "number"}}}},
  "split": {"type": "object", "required": ["train"], "properties": {"train": {"type": "object", "required": ["rows"], "properties": {"rows": {"type": "integer"}, "groups": {"type": "integer", "description": "Patients"}}}}},
  "warnings": {"type": "array", "items": {"type": "string"}}}},
"HeadInShort": {"type": "object", "required": ["id", "name", "made_at", "snapshot", "restricted", "labels", "images", "accuracy", "balanced_accuracy"], "properties": {
  "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "name": {"type": "string"}, "made_at": {"type": "string"}, "snapshot": {"type": "integer"}, "restricted": {"type": "boolean", "description": "Trained by a key that may see some rows only"},
  "labels": {"type": "array", "items": {"type": "string"}}, "images": {"type": "integer", "description": "That it was trained on"},
  "accuracy": {"$ref": "#/components/schemas/HeadFigure"}, "balanced_accuracy": {"$ref": "#/components/schemas/HeadFigure"}}},
"Head": {"type": "object", "required": ["id", "name", "made_at", "snapshot", "restricted", "items", "report"], "properties": {
  "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "name": {"type": "string"}, "made_at": {"type": "string"}, "snapshot": {"type": "integer"}, "restricted": {"type": "boolean"},
  "items": {"type": "array", "items": {"type": "object", "required": ["item", "label"], "properties": {"item": {"type": "integer"}, "label": {"type": "string"}}}},
  "report": {"$ref": "#/components/schemas/HeadReport"}}},
"ApplyRequest": {"type": "object", "additionalProperties": false, "properties": {
  "items": {"$ref": "#/components/schemas/SeveralItems"}, "where": {"$ref": "#/components/schemas/Filter"}, "by": {"enum": ["image", "series", null]},
  "order": {"enum": ["item", "uncertain", "probable", null], "description": "uncertain: the smallest margin first; probable: the highest probability of label first"},
  "label": {"type": ["string", "null"], "maxLength": 200, "description": "With order probable: one of the head's"},
  "not_items": {"anyOf": [{"type": "array", "maxItems": 2000, "items": {"type": "integer", "minimum": 0}}, {"type": "null"}], "description": "Left out, as those that are labelled already"},
  "limit": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}, {"type": "null"}]}}},
"Applied": {"type": "object", "required": ["head", "labels", "chosen", "snapshot", "more", "results"], "properties": {
  "head": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}}, "chosen": {"type": "integer", "description": "Images or series that the filter lets by"}, "snapshot": {"type": "integer"}, "more": {"type": "boolean"},
  "results": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/ArchiveItem"}, {"type": "object", "required": ["label", "probabilities", "margin"], "properties": {
    "label": {"type": "string", "description": "The likeliest"}, "probabilities": {"type": "array", "items": {"type": "number"}}, "margin": {"type": "number", "description": "Of the likeliest over the next"}}}]}}}}
})json";

}  // namespace

std::string_view openapi_archive_head_paths() { return kHeadPaths; }
std::string_view openapi_archive_head_schemas() { return kHeadSchemas; }

}  // namespace mi2::protocols
