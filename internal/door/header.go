package door

import (
	"errors"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// The protocol's headers and the one content type of a body.
const (
	version       = "1.0.0"
	offsetContent = "application/offset+octet-stream"

	hResumable   = "Tus-Resumable"
	hVersion     = "Tus-Version"
	hOffset      = "Upload-Offset"
	hLength      = "Upload-Length"
	hDeferLength = "Upload-Defer-Length"
	hMetadata    = "Upload-Metadata"
	hConcat      = "Upload-Concat"
	hChecksum    = "Upload-Checksum"
	hExpires     = "Upload-Expires"
)

// maxParts bounds how many partial uploads one final upload may name.
const maxParts = 1000

var (
	errNoNumber = errors.New("door: no number")
	errTwice    = errors.New("door: a header with two values")
)

// single gives the value of a header that may come only once. Two equal values are one.
func single(h http.Header, name string) (string, error) {
	values := h.Values(name)
	for _, v := range values {
		if v != values[0] {
			return "", errTwice
		}
	}
	return h.Get(name), nil
}

// number reads a header that holds a non-negative integer: digits, nothing else. A number that no file can reach stands
// for the greatest one there is. ok is false if the header is not there.
func number(h http.Header, name string) (n int64, ok bool, err error) {
	v, err := single(h, name)
	if err != nil || h.Values(name) == nil {
		return 0, false, err
	}
	if v == "" || strings.Trim(v, "0123456789") != "" {
		return 0, true, errNoNumber
	}
	n, err = strconv.ParseInt(v, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		n = math.MaxInt64
	}
	return n, true, nil
}

// lengthOf reads the length of an upload that is created: a number, or vault.SizeUnknown where it is deferred.
func lengthOf(h http.Header) (int64, error) {
	bad := fault.New(fault.Invalid, "upload.length")
	n, told, err := number(h, hLength)
	if err != nil {
		return 0, bad
	}
	later, err := single(h, hDeferLength)
	deferred := h.Values(hDeferLength) != nil
	switch {
	case err != nil, deferred && later != "1", deferred == told: // both, or neither
		return 0, bad
	case deferred:
		return vault.SizeUnknown, nil
	}
	return n, nil
}

// concat is what Upload-Concat says of an upload that is created.
type concat struct {
	raw   string           // as it was received, for HEAD
	parts []ident.UploadID // of a final one
}

func (c concat) partial() bool { return c.raw == "partial" }
func (c concat) final() bool   { return len(c.parts) > 0 }

// concatOf reads Upload-Concat. The addresses in it are hostile text (T19): nothing is ever fetched from them, and only
// what resolves to an upload's address on this very server is taken.
func concatOf(r *http.Request) (concat, error) {
	bad := fault.New(fault.Invalid, "upload.concat")
	raw, err := single(r.Header, hConcat)
	switch {
	case err != nil:
		return concat{}, bad
	case r.Header.Values(hConcat) == nil:
		return concat{}, nil
	case raw == "partial":
		return concat{raw: raw}, nil
	}
	list, ok := strings.CutPrefix(raw, "final;")
	words := strings.Fields(list)
	if !ok || len(words) == 0 || len(words) > maxParts {
		return concat{}, bad
	}
	c := concat{raw: raw, parts: make([]ident.UploadID, len(words))}
	for i, w := range words {
		if c.parts[i], ok = partID(r, w); !ok {
			return concat{}, bad
		}
	}
	return c, nil
}

// partID reads the address of an upload of ours, absolute or relative to the address it is sent to.
func partID(r *http.Request, address string) (ident.UploadID, bool) {
	if strings.ContainsAny(address, `%\?#@`) || strings.Contains(address, "..") {
		return "", false
	}
	ref, err := url.Parse(address)
	if err != nil || (ref.Host != "" || ref.Scheme != "") && (ref.Host != r.Host || ref.Scheme != "" && ref.Scheme != "http" && ref.Scheme != "https") {
		return "", false
	}
	path, ok := strings.CutPrefix((&url.URL{Path: r.URL.Path}).ResolveReference(&url.URL{Path: ref.Path}).Path, BasePath+"/")
	id := ident.UploadID(path)
	parsed, err := ident.Parse[ident.UploadID](path)
	return id, ok && err == nil && parsed == id
}

// isOffsetContent reports whether the body holds an upload's bytes. A parameter, as some libraries add one, changes
// nothing.
func isOffsetContent(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && t == offsetContent
}
