// Package asset serves what pages load: the bundled scripts and styles, the icons. Everything is embedded under names
// that hold a digest of the content, so a browser may keep it for ever; nothing comes from elsewhere and nothing is
// inline, so that the policy "default-src 'self'" holds.
package asset

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed dist
var files embed.FS

// Prefix is the path under which Handler must be mounted.
const Prefix = "/asset/"

var manifest = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	data, err := files.ReadFile("dist/manifest.json")
	if err == nil {
		err = json.Unmarshal(data, &names)
	}
	if err != nil {
		panic("asset: dist/manifest.json: " + err.Error()) // the program was built wrong
	}
	return names
})

// URL gives the address of an asset by its plain name: "app.css", "app.js", "upload.js", "digest.js", "icon.svg",
// "seal.svg". An unknown name gives an address that answers 404; a test asks for every name in use.
func URL(name string) string {
	if hashed, ok := manifest()[name]; ok {
		return Prefix + hashed
	}
	return Prefix + "unknown/" + name
}

// Has reports whether there is an asset of this plain name.
func Has(name string) bool { _, ok := manifest()[name]; return ok }

type served struct {
	contentType   string
	plain, zipped []byte
}

// Handler serves the assets for GET and HEAD under Prefix, compressed for who takes gzip, to be kept for a year.
func Handler() http.Handler {
	all := map[string]served{}
	for _, name := range manifest() {
		data, err := fs.ReadFile(files, "dist/"+name)
		if err != nil {
			panic("asset: " + err.Error()) // the program was built wrong
		}
		all[name] = served{contentType(name), data, zip(data)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := all[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Add("Vary", "Accept-Encoding")
		body := f.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(f.zipped) < len(f.plain) {
			h.Set("Content-Encoding", "gzip")
			body = f.zipped
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body) // the reader has gone; nothing is left to do
		}
	})
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func zip(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return data
	}
	if _, err := z.Write(data); err != nil {
		return data
	}
	if err := z.Close(); err != nil {
		return data
	}
	return b.Bytes()
}
