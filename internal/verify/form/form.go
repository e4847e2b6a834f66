// Package form reads what our outside files are made of: each has exactly one spelling, so that nothing in a file goes
// unchecked (docs/formats). It knows nothing of what the files mean.
package form

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Strict reads data into v and reports whether writing v gives the same bytes, so that nothing in data stands
// outside of what was read. indent is the indentation of the form.
func Strict(data []byte, v any, indent string) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return false
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v) == nil && bytes.Equal(b.Bytes(), data)
}

// Time reads a time of the one form our formats have.
func Time(s string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05.000000Z"
	t, err := time.Parse(layout, s)
	return t, err == nil && t.Format(layout) == s
}

// IsDigest reports whether s is a SHA-256 or SM3 in hex.
func IsDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// Quoted is s as a JSON string.
func Quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Line gives a line with its end; one that is longer than limit, or has no end, is an error.
func Line(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(line) <= limit {
			continue
		}
		if len(line) > limit {
			return line, bufio.ErrTooLong
		}
		return line, err //nolint:wrapcheck // only looked at by its caller
	}
}
