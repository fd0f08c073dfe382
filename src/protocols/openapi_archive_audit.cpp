// The audit list of archives for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kAuditPaths = R"json({
"/v1/archives/{archive}/audit": {"get": {"tags": ["Archives"], "summary": "Who did what with the archive, the newest first", "description": "With the right administer, and a server that keeps a list (mi2 serve --audit). Without the right, there is no such path.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"},
    {"name": "since", "in": "query", "required": false, "description": "A day or a time in UTC, such as 2026-11-25 or 2026-11-25T01:57:00Z", "schema": {"type": "string"}},
    {"name": "event", "in": "query", "required": false, "description": "Names of events, with commas between", "schema": {"type": "string"}},
    {"name": "user", "in": "query", "required": false, "schema": {"type": "string"}},
    {"name": "key", "in": "query", "required": false, "description": "The first 12 digits of a key's SHA-256", "schema": {"type": "string"}},
    {"name": "study", "in": "query", "required": false, "description": "A StudyInstanceUID", "schema": {"type": "string"}},
    {"name": "item", "in": "query", "required": false, "schema": {"type": "integer", "minimum": 0}},
    {"name": "limit", "in": "query", "required": false, "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
    {"name": "cursor", "in": "query", "required": false, "description": "Of the page before", "schema": {"type": "string"}},
    {"name": "format", "in": "query", "required": false, "description": "Without it, as Accept says", "schema": {"enum": ["json", "csv"]}}],
  "responses": {"200": {"description": "A page. As CSV, x-mi2-cursor has the cursor", "headers": {"x-mi2-cursor": {"schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AuditList"}}, "text/csv": {"schema": {"type": "string"}}}}}}}
})json";

constexpr std::string_view kAuditSchemas = R"json({
"AuditEntry": {"type": "object", "required": ["n", "time", "event", "outcome", "previous"], "properties": {
  "n": {"type": "integer", "description": "Of the line, in the list of all archives"}, "time": {"type": "string", "format": "date-time"},
  "event": {"type": "string"}, "archive": {"type": "string"},
  "user": {"type": "string", "description": "As the reverse proxy names them"}, "key": {"type": "string", "description": "The first 12 digits of the key's SHA-256"},
  "outcome": {"type": "string", "description": "ok, begun (of a change, before it is made), or the code of an error"}, "status": {"type": "integer"},
  "item": {"type": "integer"}, "study": {"type": "string", "description": "The same for the same study; no identifier"}, "card": {"type": "string"},
  "query": {"type": "string", "description": "The same for the same query; says nothing of it"}, "to": {"type": "string"},
  "found": {"type": "integer"}, "searched": {"type": "integer"}, "snapshot": {"type": "integer"}, "request_id": {"type": "string"},
  "previous": {"type": "string", "description": "The SHA-256 of the line before"}}},
"AuditList": {"type": "object", "required": ["entries", "more", "damaged"], "properties": {
  "entries": {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}},
  "more": {"type": "boolean", "description": "There may be older ones. A page may have few although there are more: filters look at 8 MiB of the list at a time"},
  "damaged": {"type": "integer", "description": "Lines that cannot be read"}, "cursor": {"type": "string"}}}
})json";

}  // namespace

std::string_view openapi_archive_audit_paths() { return kAuditPaths; }
std::string_view openapi_archive_audit_schemas() { return kAuditSchemas; }

}  // namespace mi2::protocols
