// Package refusal shows what was wrong with a form on the form itself: at its field where the fault names one, over
// the form where it does not. Everything typed stays.
package refusal

import (
	"slices"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Fault is what a form shows. The zero value shows nothing.
type Fault struct {
	Code  string
	Field string
	What  string
	Do    string
	text  string // both as one line
}

// Of takes a fault that a form can show and mend: wrong input, a conflict with what is there, a limit. Anything else
// (a refusal by policy, a defect, an object that does not exist) gives false and is the page's own error.
func Of(p locale.Printer, err error) (Fault, bool) {
	f := fault.As(err)
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.TooLarge, fault.RateLimited:
	case fault.NotFound:
		if f.Field == "" {
			return Fault{}, false
		}
	case fault.Internal, fault.Unauthorized, fault.Forbidden, fault.Unavailable, fault.Exhausted:
		return Fault{}, false
	}
	t := p.Fault(err)
	return Fault{Code: f.Code, Field: t.Field, What: t.What, Do: t.Do, text: p.T("refusal.text", t.What, t.Do)}, true
}

// Mark puts the fault to the field it names; names are other names under which the fault may know the field.
func (f Fault) Mark(field ui.Field, names ...string) ui.Field {
	if f.Field != "" && (f.Field == field.Name || slices.Contains(names, f.Field)) {
		field.Error = f.text
	}
	return field
}

// Errors is the summary over a form of these fields: a fault that none of them shows stands there too and leads to
// the first.
func (f Fault) Errors(fields ...ui.Field) []ui.FieldError {
	list := ui.Errors(fields...)
	if len(list) == 0 && f.text != "" && len(fields) > 0 {
		first := fields[0].ID
		if first == "" {
			first = fields[0].Name
		}
		list = []ui.FieldError{{ID: first, Text: f.text}}
	}
	return list
}
