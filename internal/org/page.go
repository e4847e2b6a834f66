package org

import (
	"encoding/base64"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/fault"
)

// Page is a part of a list. Next is the cursor of the following part, empty at the end.
type Page[T any] struct {
	Items []T
	Next  string
}

// The sizes of a page.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// PageSize gives how many rows a list is asked for: the default for 0, never more than MaxPage.
func PageSize(n int) int {
	if n <= 0 {
		return DefaultPage
	}
	return min(n, MaxPage)
}

// Cut makes a page from limit+1 rows; key gives the values by which the list is ordered.
func Cut[T any](rows []T, limit int, key func(T) []string) Page[T] {
	if len(rows) <= limit {
		return Page[T]{Items: rows}
	}
	rows = rows[:limit]
	return Page[T]{Items: rows, Next: Cursor(key(rows[limit-1])...)}
}

// Cursor packs the values a list is ordered by into opaque text for a URL.
func Cursor(values ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(values, "\x1f")))
}

// ReadCursor unpacks a cursor of n values. An empty one gives nil; anything else that Cursor did not make is fault
// Invalid "list.cursor".
func ReadCursor(s string, n int) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	values := strings.Split(string(raw), "\x1f")
	if err != nil || len(values) != n || len(s) > 2000 || strings.ContainsRune(string(raw), 0) {
		return nil, fault.New(fault.Invalid, "list.cursor").At("after")
	}
	for i, v := range values {
		values[i] = strings.ToValidUTF8(v, "")
	}
	return values, nil
}

// Fold makes texts comparable for search: compatibility forms, lower case, and without spaces and the dots inside
// names, which people type in many ways or not at all.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("·•‧・∙⋅᛫.", r) {
			return -1
		}
		return r
	}, norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// Contains gives the LIKE pattern (with ESCAPE '\') that finds a folded text anywhere.
func Contains(query string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(Fold(query)) + "%"
}
