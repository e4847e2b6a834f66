// Package fault is the one error type of the house. An error that a person may see carries a kind (what sort of
// refusal it is), a stable code (what scripts and tests compare) and public words (a key into the message
// catalogues with its arguments). Everything else is Internal, and its text never reaches a person.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure happened. Faces map it to an HTTP status or an exit code in one place.
type Kind uint8

// The kinds. Their order is not meaningful.
const (
	Internal     Kind = iota // a defect or an outside failure; its text is never shown
	Invalid                  // the input is wrong; the words say which part and how to mend it
	Unauthorized             // nobody is signed in, or the token is unknown
	Forbidden                // a policy refused; the fault carries the article
	NotFound                 // there is no such thing, or the reader may not know of it
	Conflict                 // the thing changed meanwhile, or exists with other content
	TooLarge                 // over a limit that the words name
	Unavailable              // a part is not ready or read-only; trying again later may work
	Exhausted                // disk full or quota reached; nothing was lost
	RateLimited              // too many tries
)

var kindNames = [...]string{
	"internal", "invalid", "unauthorized", "forbidden", "not_found", "conflict",
	"too_large", "unavailable", "exhausted", "rate_limited",
}

// String gives the stable lower-case name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a failure with public words. Code is stable, lower case, dotted ("upload.checksum"); the message
// catalogues hold "fault.<code>" for it, formatted with Args. Article, where a rule stands behind the refusal, is
// the article's number in the regulation ("19", "23").
type Error struct {
	Kind    Kind
	Code    string
	Args    []any
	Article string
	Field   string // the input field that is wrong, for forms and JSON
	cause   error
}

// New makes a fault with public words: the catalogue entry "fault."+code formatted with args.
func New(kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// Wrap makes a fault that keeps its cause for the operator's log; the cause is never shown to a person.
func Wrap(cause error, kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args, cause: cause}
}

// At names the input field the fault is about and returns the same fault.
func (e *Error) At(field string) *Error { e.Field = field; return e }

// Under names the article behind the refusal and returns the same fault.
func (e *Error) Under(article string) *Error { e.Article = article; return e }

// Error gives the operator's text. It is for logs, never for pages.
func (e *Error) Error() string {
	s := e.Kind.String() + " " + e.Code
	if len(e.Args) > 0 {
		s += fmt.Sprintf(" %v", e.Args)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// KindOf gives the kind of the first fault in err's chain, Internal for any other error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of this kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

// HasCode reports whether err is a fault with this code.
func HasCode(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// As gives the fault in err's chain; any other error becomes Internal with the code "internal".
func As(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(err, Internal, "internal")
}
