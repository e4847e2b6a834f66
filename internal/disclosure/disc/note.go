package disc

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/fault"
)

// Note is the written note that goes with a copy used as evidence (文字说明, 第二十四条). Who extracted it and when is filled in by the
// system and by nobody else (R-24-3).
type Note struct {
	Maker      string `json:"maker"`                // 制作人: who made the recording
	Object     string `json:"object"`               // 制作对象: whom or what it shows
	MadeAt     string `json:"made_at"`              // 制作时间, in words
	Place      string `json:"place"`                // 制作地点
	Method     string `json:"method"`               // 提取方法
	Proves     string `json:"proves"`               // 证明内容
	Transcript string `json:"transcript,omitempty"` // 与声音有关的文字内容
	Remark     string `json:"remark,omitempty"`

	Extractor   string `json:"extractor,omitempty"`    // 提取人
	ExtractedAt string `json:"extracted_at,omitempty"` // 提取时间
}

// NoteField is a field of the note that a person fills in.
type NoteField struct {
	Name     string
	Required bool
	Long     bool
}

// NoteFields lists them in the order of the form.
func NoteFields() []NoteField {
	return []NoteField{
		{"maker", true, false},
		{"object", true, false},
		{"made_at", true, false},
		{"place", true, false},
		{"method", true, true},
		{"proves", true, true},
		{"transcript", false, true},
		{"remark", false, true},
	}
}

// Field gives the value of a field by its name.
func (n *Note) Field(name string) *string {
	switch name {
	case "maker":
		return &n.Maker
	case "object":
		return &n.Object
	case "made_at":
		return &n.MadeAt
	case "place":
		return &n.Place
	case "method":
		return &n.Method
	case "proves":
		return &n.Proves
	case "transcript":
		return &n.Transcript
	case "remark":
		return &n.Remark
	}
	return nil
}

// maxNote bounds the note as a file, maxShort and maxLong its fields in characters.
const (
	maxNote  = 1 << 20
	maxShort = 200
	maxLong  = 100_000
)

// ReadNote reads a note that a person wrote as JSON. A field that is not known, or that only the system fills in, is fault Invalid
// "disc.note_field"; a missing one Invalid "disc.note_missing" at the first of them.
func ReadNote(raw []byte) (Note, error) {
	var n Note
	if len(raw) > maxNote {
		return n, fault.New(fault.TooLarge, "disc.note_long", "", maxLong).At("note")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\ufeff")), &fields); err != nil {
		return n, fault.Wrap(err, fault.Invalid, "disc.note_form").At("note")
	}
	for name, value := range fields {
		to := n.Field(name)
		if to == nil || json.Unmarshal(value, to) != nil {
			return n, fault.New(fault.Invalid, "disc.note_field", name).At(name)
		}
	}
	return n, n.Check()
}

// EmptyNote is a note to be filled in.
func EmptyNote() string {
	var b strings.Builder
	b.WriteString("{")
	for i, f := range NoteFields() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  \"" + f.Name + "\": \"\"")
	}
	b.WriteString("\n}\n")
	return b.String()
}

// Check trims the note and tells what is missing.
func (n *Note) Check() error {
	if n.Extractor != "" || n.ExtractedAt != "" {
		return fault.New(fault.Invalid, "disc.note_field", "extractor").At("extractor")
	}
	var missing []string
	for _, f := range NoteFields() {
		v := n.Field(f.Name)
		*v = strings.TrimSpace(clean(*v))
		limit := maxShort
		if f.Long {
			limit = maxLong
		}
		if utf8.RuneCountInString(*v) > limit {
			return fault.New(fault.TooLarge, "disc.note_long", f.Name, limit).At(f.Name)
		}
		if f.Required && *v == "" {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "disc.note_missing", strings.Join(missing, ", ")).At(missing[0])
	}
	return nil
}

// clean takes out what no paper shows.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
