package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
)

// printJSON writes v as one line. What would steer a terminal or turn the line's direction goes out as \uXXXX, so that a
// hostile file name is exact for a program and harmless for a reader.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	var out bytes.Buffer
	for _, r := range string(line) {
		if hidden(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteByte('\n')
	_, err := w.Write(out.Bytes())
	return err
}

// hidden reports control and direction characters of the basic plane: inside JSON they stand in strings only.
func hidden(r rune) bool {
	return r <= 0xffff && unicode.In(r, unicode.Cc, unicode.Bidi_Control)
}
