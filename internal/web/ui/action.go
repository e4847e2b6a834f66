package ui

import "github.com/a-h/templ"

// Link is a text that leads somewhere; without Href it is plain text.
type Link struct {
	Text string
	Href string
}

// Hidden is a field of a form that is sent and not shown.
type Hidden struct {
	Name  string
	Value string
}

// Action is a button or what looks like one. With Post it is a small form of its own; with Href alone a link; with
// neither it submits the form it stands in, sending Name and Value when they are set.
type Action struct {
	Text     string // two to four characters, a verb
	Href     string
	Icon     string
	Label    string // for readers who do not see the row it stands in: "写说明：昨天录像中断"
	Name     string
	Value    string
	Hidden   []Hidden
	Post     bool
	Primary  bool // the one filled button in view
	Quiet    bool // no frame
	Danger   bool
	Large    bool
	Disabled bool
	Download bool
}

func (a Action) class() string {
	c := "zl-btn"
	switch {
	case a.Primary:
		c += " zl-btn-1"
	case a.Quiet:
		c += " zl-btn-q"
	case a.Danger:
		c += " zl-btn-late"
	}
	if a.Large {
		c += " zl-btn-l"
	}
	return c
}

// labelled gives the label for readers of the screen; it must hold the visible text (WCAG 2.5.3).
func labelled(a Action) templ.Attributes {
	if a.Label == "" {
		return nil
	}
	return templ.Attributes{"aria-label": a.Label}
}

func named(a Action) templ.Attributes {
	if a.Name == "" {
		return nil
	}
	return templ.Attributes{"name": a.Name, "value": a.Value}
}

func present(parts []string) []string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func withID(id string) templ.Attributes {
	if id == "" {
		return nil
	}
	return templ.Attributes{"id": id}
}
