package line

import (
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Most bounds the repeated rows of a form.
const Most = 200

// Arrange carries out a button of the repeated rows: add, drop, up, down. The answer is the input to go to, "" if the
// button was none of them.
func Arrange(d *catalogue.Document, do string) string {
	verb, rest, _ := strings.Cut(do, "-")
	what, n, _ := strings.Cut(rest, "-")
	i, err := strconv.Atoi(n)
	if err != nil {
		i = -1
	}
	switch {
	case verb == "add" && what == "field" && len(d.Fields) < Most:
		d.Fields = append(d.Fields, catalogue.Field{Type: "text"})
		return "f" + strconv.Itoa(len(d.Fields)-1) + "_zh"
	case verb == "add" && what == "signer" && len(d.Signers) < Most:
		d.Signers = append(d.Signers, catalogue.Signer{})
		return "s" + strconv.Itoa(len(d.Signers)-1) + "_zh"
	case what == "field":
		return moved(&d.Fields, verb, i, "f", "zh")
	case what == "signer":
		return moved(&d.Signers, verb, i, "s", "zh")
	}
	return ""
}

func moved[T any](rows *[]T, verb string, i int, letter, input string) string {
	if i < 0 || i >= len(*rows) {
		return ""
	}
	to := i
	switch {
	case verb == "drop":
		*rows = slices.Delete(*rows, i, i+1)
		to = min(i, len(*rows)-1)
	case verb == "up" && i > 0:
		to = i - 1
		(*rows)[i], (*rows)[to] = (*rows)[to], (*rows)[i]
	case verb == "down" && i+1 < len(*rows):
		to = i + 1
		(*rows)[i], (*rows)[to] = (*rows)[to], (*rows)[i]
	}
	return letter + strconv.Itoa(max(to, 0)) + "_" + input
}
