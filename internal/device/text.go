package device

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/org"
)

// fold makes labels, serials and codes comparable: without case, width and spaces.
func fold(s string) string { return org.Fold(s) }

// foldAll folds texts and drops the empty and repeated ones.
func foldAll(list ...string) []string {
	var out []string
	for _, s := range list {
		if k := fold(s); k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// searchText is what a search looks in.
func searchText(s Spec) string {
	return strings.Join(foldAll(s.Label, s.Maker, s.Model, s.Serial, s.CardLabel, s.NameCode, s.Note), "\n")
}
