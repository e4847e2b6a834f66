// Package tile serves the custody log to anybody as C2SP tlog-tiles (docs/formats/checkpoint-and-tiles.md).
package tile

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/fault"
)

// Handler serves the log to anybody as C2SP tlog-tiles: /checkpoint, /tile/<L>/<N>[.p/<W>] and
// /tile/entries/<N>[.p/<W>], and /trust.json beside them. Mount it under /log with http.StripPrefix. It shows
// commitments, hashes and public keys only, so it needs no sign-in.
type Handler struct {
	db     bun.IDB
	log    *slog.Logger
	origin string
	bureau string
	mux    *http.ServeMux
}

// NewHandler makes the handler over a reading database handle.
func NewHandler(idb bun.IDB, origin, bureau string, log *slog.Logger) *Handler {
	h := &Handler{db: idb, log: log, origin: origin, bureau: bureau, mux: http.NewServeMux()}
	h.mux.HandleFunc("GET /checkpoint", h.checkpoint)
	h.mux.HandleFunc("GET /checkpoint.cosigned", h.cosigned)
	h.mux.HandleFunc("GET /timestamp/{name}", h.stamp)
	h.mux.HandleFunc("GET /trust.json", h.trust)
	h.mux.HandleFunc("GET /tile/{path...}", h.tile)
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Access-Control-Allow-Origin", "*") // everything here is public; verifiers run in browsers too
	h.mux.ServeHTTP(w, r)
}

// A tile of a given width never changes, so it may be cached for ever; the checkpoint and the keys may not.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache"
)

func (h *Handler) checkpoint(w http.ResponseWriter, r *http.Request) {
	c, err := custody.Latest(r.Context(), h.db)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	lines, err := countersign.Lines(r.Context(), h.db, c.Size, c.Root)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.send(w, r, "text/plain; charset=utf-8", cacheNever, []byte(c.Note+lines))
}

// cosigned is the newest checkpoint that a witness has signed: witnesses are asked once a minute, so it may be older than
// the newest one.
func (h *Handler) cosigned(w http.ResponseWriter, r *http.Request) {
	msg, err := countersign.Cosigned(r.Context(), h.db)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if msg == "" {
		http.NotFound(w, r)
		return
	}
	h.send(w, r, "text/plain; charset=utf-8", cacheNever, []byte(msg))
}

// stamp serves "<SIZE>.tsr", an authority's reply as it came, and "<SIZE>", the checkpoint that it stamped; "latest" is the
// newest size that was stamped.
func (h *Handler) stamp(w http.ResponseWriter, r *http.Request) {
	name, reply := strings.CutSuffix(r.PathValue("name"), ".tsr")
	size, err := strconv.ParseInt(name, 10, 64)
	var s *stamp.Stamp
	switch {
	case name == "latest":
		if s, err = stamp.Newest(r.Context(), h.db); err == nil && s == nil {
			err = fault.New(fault.NotFound, "stamp.none")
		}
	case err != nil || strconv.FormatInt(size, 10) != name:
		err = fault.New(fault.NotFound, "stamp.none")
	default:
		s, err = stamp.Of(r.Context(), h.db, size)
	}
	switch {
	case err != nil:
		h.fail(w, r, err)
	case reply:
		h.send(w, r, "application/timestamp-reply", cacheNever, s.Token)
	default:
		h.send(w, r, "text/plain; charset=utf-8", cacheNever, []byte(s.Note))
	}
}

func (h *Handler) trust(w http.ResponseWriter, r *http.Request) {
	t, err := custody.ReadTrust(r.Context(), h.db, h.origin, h.bureau)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	text, err := t.Render()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.send(w, r, "application/json", cacheNever, text)
}

func (h *Handler) tile(w http.ResponseWriter, r *http.Request) {
	p, ok := parseTilePath(r.PathValue("path"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	data, err := h.tileData(r.Context(), p)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.send(w, r, "application/octet-stream", cacheForever, data)
}

func (h *Handler) send(w http.ResponseWriter, r *http.Request, contentType, cache string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil { //nolint:gosec // never HTML: the type is set by the caller, and nosniff
		h.log.DebugContext(r.Context(), "a reader of the custody log went away", "error", err)
	}
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if fault.Is(err, fault.NotFound) {
		http.NotFound(w, r)
		return
	}
	h.log.ErrorContext(r.Context(), "the custody log could not be read", "path", r.URL.Path, "error", err)
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	maxLevel   = 63
	hashSize   = 32
)

// tilePath names a tile or, with level -1, a bundle of entries, of a width from 1 to 256.
type tilePath struct {
	level int
	n     int64
	width int64
}

// parseTilePath reads "<L>/<N>[.p/<W>]" or "entries/<N>[.p/<W>]". Every tile has exactly one such path.
func parseTilePath(path string) (tilePath, bool) {
	p := tilePath{width: tileWidth}
	level, rest, ok := strings.Cut(path, "/")
	if !ok {
		return p, false
	}
	if level == "entries" {
		p.level = -1
	} else if p.level, ok = parseDecimal(level, maxLevel); !ok {
		return p, false
	}
	if head, width, partial := strings.Cut(rest, ".p/"); partial {
		n, ok := parseDecimal(width, tileWidth-1)
		if !ok || n == 0 {
			return p, false
		}
		p.width, rest = int64(n), head
	}
	elements := strings.Split(rest, "/")
	if len(elements) > 5 { // 15 digits: far more than any log holds, and no overflow
		return p, false
	}
	for i, e := range elements {
		if last := i == len(elements)-1; !last {
			if e, ok = strings.CutPrefix(e, "x"); !ok {
				return p, false
			}
		}
		if len(e) != 3 || strings.Trim(e, "0123456789") != "" || i == 0 && e == "000" && len(elements) > 1 {
			return p, false
		}
		d, err := strconv.Atoi(e)
		if err != nil {
			return p, false
		}
		p.n = p.n*1000 + int64(d)
	}
	return p, true
}

// parseDecimal reads a decimal number without leading zeroes, at most highest.
func parseDecimal(s string, highest int) (int, bool) {
	if s == "" || len(s) > 3 || strings.Trim(s, "0123456789") != "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= highest
}

// tileData gives the bytes of a tile or bundle. One that the latest checkpoint does not cover is fault NotFound.
func (h *Handler) tileData(ctx context.Context, p tilePath) ([]byte, error) {
	last, err := custody.Latest(ctx, h.db)
	if err != nil {
		return nil, err
	}
	hashes := last.Size >> (tileHeight * max(p.level, 0)) // how many hashes the level holds
	if p.n*tileWidth+p.width > hashes {
		return nil, fault.New(fault.NotFound, "log.no_tile")
	}
	if p.level >= 0 {
		data, err := custody.Tile(ctx, h.db, p.level, p.n)
		if err != nil {
			return nil, err
		}
		return data[:min(int64(len(data)), p.width*hashSize)], nil
	}
	leaves, err := custody.Leaves(ctx, h.db, p.n*tileWidth, p.n*tileWidth+p.width)
	if err != nil {
		return nil, err
	}
	return bundle(leaves), nil
}

// bundle is a tlog-tiles entry bundle: each entry after its length as a big-endian uint16.
func bundle(leaves [][]byte) []byte {
	var out []byte
	for _, l := range leaves {
		out = binary.BigEndian.AppendUint16(out, uint16(len(l))) //nolint:gosec // a leaf has a fixed length below 1,000
		out = append(out, l...)
	}
	return out
}
