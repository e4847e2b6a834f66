package access_test

import (
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
)

// giving tells whether an action looks at, copies, masks, lends, packs or gives out, or reads what people filmed asked.
func giving(a access.Action) bool {
	area, _, _ := strings.Cut(string(a), ".")
	return slices.Contains([]string{"look", "viewing", "redaction", "disclosure", "disc", "mark", "marking", "person", "lookup", "loan", "handed", "register", "case"}, area)
}

// TestNoTokenGivesOut: T27. Neither a dock's token, stolen or true, nor a reading one does anything of what is given out, whatever ground
// it says it has and whosever thing it names.
func TestNoTokenGivesOut(t *testing.T) {
	t.Parallel()
	a := load(t)
	everybody := person("d1", access.Officer, access.Custodian, access.Head, access.LegalReviewer, access.Leader)
	tried := map[string]bool{} // areas of which a person may do something to what is tried here
	for _, action := range access.Actions() {
		if !giving(action) {
			continue
		}
		area, _, _ := strings.Cut(string(action), ".")
		for _, scope := range []string{access.ScopeDock, access.ScopeRead} {
			for _, kind := range []string{"recording", "viewing", "disclosure", "disc", "masked_copy", "person_matter", "lookup", "case", "bureau"} {
				for _, ground := range []string{"", "consent", "own", "handler"} {
					token := access.Actor{Kind: access.Token, ID: "tok", TokenScope: scope}
					s := access.Subject{Kind: kind, ID: "x", Department: "d1", Officer: "p1", Owner: "tok", Ground: ground}
					tried[area] = tried[area] || a.Decide(everybody, action, s).Allowed
					if a.Decide(token, action, s).Allowed {
						t.Errorf("a %s token may %s a %s on the ground %q", scope, action, kind, ground)
					}
				}
			}
		}
	}
	for _, area := range []string{"look", "viewing", "redaction", "disclosure", "disc", "marking"} {
		if !tried[area] {
			t.Errorf("nobody may do anything of %s: nothing was tried", area)
		}
	}
}
