package ui

import (
	"strconv"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/locale"
)

// Field is one question of a form. Its label stands above it and never inside; Error stands above the input.
type Field struct {
	ID       string // unique on the page; Name when empty
	Name     string
	Label    string
	Hint     string
	Error    string
	Value    string
	Optional bool
	ReadOnly bool
	Type     string // of an input: text (when empty), password, date, datetime-local, number, email, tel, file
	Auto     string // autocomplete: "username", "current-password", "new-password", "off"
	Max      int    // characters; 0 for no limit
	Rows     int    // of a text area
	Options  []Option
	Inline   bool   // radios and checks side by side
	Accept   string // of a file
	Multiple bool
	Mode     string // inputmode: "numeric"
	Focus    bool   // takes the focus when the page opens; one a page
}

func (f Field) id() string {
	if f.ID == "" {
		return f.Name
	}
	return f.ID
}

func (f Field) class() string {
	if f.Error != "" {
		return "zl-field has-error"
	}
	return "zl-field"
}

// attrs are the attributes that every kind of input shares.
func (f Field) attrs() templ.Attributes {
	a := templ.Attributes{"id": f.id(), "name": f.Name}
	described := ""
	if f.Hint != "" {
		described = f.id() + "-hint"
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
		if described != "" {
			described = " " + described
		}
		described = f.id() + "-error" + described
	}
	if described != "" {
		a["aria-describedby"] = described
	}
	if f.Auto != "" {
		a["autocomplete"] = f.Auto
	}
	if f.Mode != "" {
		a["inputmode"] = f.Mode
	}
	if !f.Optional {
		a["aria-required"] = "true"
	}
	if f.Focus {
		a["autofocus"] = true
	}
	if f.ReadOnly {
		a["readonly"] = true
	}
	return a
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// FieldError is a line of the summary of errors: it leads to the field.
type FieldError struct {
	ID   string
	Text string
}

// Errors collects the errors of fields for the summary over a form, in their order.
func Errors(fields ...Field) []FieldError {
	var out []FieldError
	for _, f := range fields {
		if f.Error != "" {
			out = append(out, FieldError{f.id(), f.Error})
		}
	}
	return out
}

// FormView is a form that posts. Files sends it as multipart.
type FormView struct {
	Action  string
	Files   bool
	Hidden  []Hidden
	Errors  []FieldError
	Buttons []Action // the first is the filled one
	Label   string   // for readers of the screen, when no heading stands over it
	Wide    bool     // fields in columns; else the form is as wide as a line of text is read
}

func (f FormView) attrs() templ.Attributes {
	a := templ.Attributes{"novalidate": true}
	if !f.Wide {
		a["class"] = "zl-form"
	}
	if f.Files {
		a["enctype"] = "multipart/form-data"
	}
	if f.Label != "" {
		a["aria-label"] = f.Label
	}
	return a
}

func titleOfErrors(p locale.Printer, n int) string { return p.T("form.errors", n) }

func maxLength(f Field) templ.Attributes {
	if f.Max <= 0 {
		return nil
	}
	return templ.Attributes{"maxlength": strconv.Itoa(f.Max)}
}

func chosen(options []Option) bool {
	for _, o := range options {
		if o.On {
			return true
		}
	}
	return false
}

// groupAttrs ties the notes of a group of choices to it.
func groupAttrs(f Field) templ.Attributes {
	a := f.attrs()
	if d, ok := a["aria-describedby"]; ok {
		return templ.Attributes{"aria-describedby": d}
	}
	return nil
}
