// Package vouch lets an entry say the rows that its change leaves behind, so that a row which somebody edited past
// the program can be told from what the log says of it (T9). A change puts each row it wrote into its entry's detail,
// under the key "<table>_row"; fsck takes the newest saying about a row and compares it with the row as it stands.
//
// The newest saying counts only because sayings come in the order of the rows' changes: a row MUST be locked when it
// is read for its saying, and the entry MUST be recorded after that, in the same transaction.
package vouch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
)

// Columns is what is said of a row, by column. What is empty or zero is left out.
type Columns map[string]any

// Row is a row as it stands.
type Row struct {
	ID      string
	Subject custody.Subject // in whose history the entries stand that say it
	Entry   ident.EntryID   // the entry the row itself names as its own, "" if its table has none
	Says    Columns
}

// Table is a table whose rows the log says.
type Table struct {
	Name string // "recording"; its key in a detail is "recording_row"
	// Page gives the rows with an id greater than after, in the order of ids, at most so many.
	Page func(ctx context.Context, idb bun.IDB, after string, limit int64) ([]Row, error)
	// Exist gives those of the ids that have a row.
	Exist func(ctx context.Context, idb bun.IDB, ids []string) ([]string, error)
}

// Key is the key under which entries say rows of the table. Its value is a row's columns, or a list of such.
func (t Table) Key() string { return Key(t.Name) }

// Key is the key under which entries say rows of a table.
func Key(table string) string { return table + "_row" }

// longest is how many bytes of a text an entry holds; what is longer stands as its digest.
const longest = 100

// Of reads the columns of a row, a struct with bun's tags or a pointer to one. Texts of more than 100 bytes stand as
// "sha256:…", and so do the columns named in digested: names of people, which entries do not hold (decision 7).
func Of(row any, digested ...string) Columns {
	out := Columns{}
	v := reflect.Indirect(reflect.ValueOf(row))
	for i := range v.NumField() {
		field := v.Type().Field(i)
		column, _, _ := strings.Cut(field.Tag.Get("bun"), ",")
		if field.Anonymous || column == "-" {
			continue
		}
		if column == "" {
			column = underscored(field.Name)
		}
		f := v.Field(i)
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if !f.IsValid() || f.IsZero() {
			continue
		}
		out[column] = f.Interface()
		if f.Kind() == reflect.String && (f.Len() > longest || slices.Contains(digested, column)) {
			out[column] = Digest(f.String())
		}
	}
	return out
}

// underscored is a column's name where the tag has none, as bun makes it: PersonID is person_id.
func underscored(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) {
			if i > 0 && (!unicode.IsUpper(rune(name[i-1])) || i+1 < len(name) && unicode.IsLower(rune(name[i+1]))) {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Digest is how a text stands in an entry that does not hold it.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Saying is what an entry says of a row.
type Saying struct {
	ID   string
	Says Columns
}

// Read reads the value of a table's key in a detail. What has no id says nothing.
func Read(value json.RawMessage) ([]Saying, error) {
	var list []Columns
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("[")) {
		if err := decode(value, &list); err != nil {
			return nil, err
		}
	} else {
		var one Columns
		if err := decode(value, &one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	out := make([]Saying, 0, len(list))
	for _, says := range list {
		if id, ok := says["id"].(string); ok && id != "" {
			out = append(out, Saying{id, says})
		}
	}
	return out, nil
}

// Differ names the columns in which a row is not what was said of it, in order.
func Differ(row, said Columns) ([]string, error) {
	have, err := normal(row)
	if err != nil {
		return nil, err
	}
	want, err := normal(said)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(have)
	maps.Copy(names, want)
	var out []string
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(have[n], want[n]) {
			out = append(out, n)
		}
	}
	return out, nil
}

// normal gives columns the types that reading them out of JSON gives.
func normal(c Columns) (Columns, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("vouch: %w", err)
	}
	var out Columns
	return out, decode(raw, &out)
}

func decode(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("vouch: %w", err)
	}
	return nil
}
