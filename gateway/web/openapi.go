package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// describe makes the OpenAPI 3.1 description of the routes.
func describe(routes []route, version string) ([]byte, error) {
	schemas := newSchemas()
	paths := make(map[string]map[string]any)
	for _, rt := range routes {
		if rt.hidden {
			continue
		}
		if paths[rt.pattern] == nil {
			paths[rt.pattern] = make(map[string]any)
		}
		paths[rt.pattern][strings.ToLower(rt.method)] = operation(rt, schemas)
	}
	schemas.of(typeOf[Problem]())
	if version == "" {
		version = "unknown"
	}
	return json.MarshalIndent(map[string]any{
		"openapi":           "3.1.0",
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info": map[string]any{"title": "Holdfast", "version": version, "summary": "Cameras, live pictures and recorded footage of one site.",
			"description": "Sentences for people (titles, causes, what to do) are in English, or in German or Spanish where Accept-Language asks for it. Slugs, states, ids and classes, by which programs decide, are the same in every language.",
			"license":     map[string]any{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers":  []any{map[string]any{"url": "/"}},
		"security": []any{},
		"paths":    paths,
		"components": map[string]any{"schemas": schemas.named, "securitySchemes": map[string]any{
			"bearer": map[string]any{"type": "http", "scheme": "bearer", "description": "The token of endpoint.json, of a person's, or of a device."},
			"session": map[string]any{"type": "apiKey", "in": "cookie", "name": "holdfast-{port}",
				"description": "Set by signing in; over HTTPS the name begins with __Host-. Changes also need the " + csrfHeader + " header."},
		}},
	}, "", " ")
}

func operation(rt route, schemas *schemas) map[string]any {
	op := map[string]any{
		"summary": rt.summary, "operationId": operationID(rt), "responses": responses(rt, schemas),
	}
	if rt.does != "" {
		op["x-audit"] = rt.does
	}
	if rt.camera {
		op["x-camera"] = true
	}
	if rt.public != "" {
		op["description"] = "Public: " + rt.public + "."
		op["security"] = []any{map[string]any{}}
	} else {
		op["description"] = "Needs the permission “" + rt.needs.String() + "”."
		op["x-permission"] = rt.needs.String()
		op["security"] = []any{map[string]any{"bearer": []any{}}, map[string]any{"session": []any{}}}
	}
	if len(rt.params) > 0 {
		op["parameters"] = parameters(rt)
	}
	if rt.body != nil {
		op["requestBody"] = map[string]any{"required": true, "content": content(rt.body.mime, rt.body.schema, schemas),
			"description": fmt.Sprintf("At most %d bytes.", rt.body.max)}
	}
	return op
}

// operationID makes an id such as getCamerasIdSpans.
func operationID(rt route) string {
	id := strings.ToLower(rt.method)
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(rt.pattern, "/api/v1"), func(r rune) bool { return strings.ContainsRune("/{}.$-", r) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func parameters(rt route) (list []any) {
	for _, p := range rt.params {
		schema := map[string]any{"type": "string"}
		switch p.schema {
		case "date-time":
			schema["format"] = "date-time"
		case "flag":
			schema["enum"] = []string{"0", "1"}
		}
		list = append(list, map[string]any{"name": p.name, "in": p.in, "required": p.required, "description": p.doc, "schema": schema})
	}
	return list
}

func responses(rt route, schemas *schemas) map[string]any {
	all := make(map[string]any)
	for _, a := range rt.answers {
		key := strconv.Itoa(a.status)
		if r, ok := all[key].(map[string]any); ok && a.mime != "" {
			r["content"].(map[string]any)[a.mime] = content(a.mime, a.schema, schemas)[a.mime]
			continue
		}
		r := map[string]any{"description": a.doc}
		if a.mime != "" {
			r["content"] = content(a.mime, a.schema, schemas)
		}
		all[key] = r
	}
	if rt.public == "" {
		all[strconv.Itoa(http.StatusUnauthorized)] = problemResponse("Nobody is signed in.", schemas)
	}
	all["default"] = problemResponse("What went wrong (RFC 9457).", schemas)
	return all
}

func problemResponse(doc string, schemas *schemas) map[string]any {
	return map[string]any{"description": doc, "content": content("application/problem+json", typeOf[Problem](), schemas)}
}

func content(mime string, t reflect.Type, schemas *schemas) map[string]any {
	media := map[string]any{}
	switch {
	case t != nil:
		media["schema"] = schemas.of(t)
	case strings.HasPrefix(mime, "text/"), strings.HasPrefix(mime, "application/sdp"), strings.HasSuffix(mime, "sdpfrag"):
		media["schema"] = map[string]any{"type": "string"}
	}
	return map[string]any{mime: media}
}
