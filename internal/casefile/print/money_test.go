package print

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// spoken reads an amount in the numerals of banks (大写) the way a cashier does, digit by digit with its place; it shares
// nothing with the writer but the signs. In fen, and false for what nobody writes.
func spoken(s string) (int64, bool) {
	digits := map[rune]int64{'零': 0, '壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9}
	var total, group, digit int64 // total of whole groups, the group of four being read, the digit waiting for its place
	held := false
	for _, c := range s {
		if d, ok := digits[c]; ok {
			if held && digit != 0 {
				return 0, false // two digits without a place between them
			}
			digit, held = d, true
			continue
		}
		place := map[rune]int64{'拾': 10, '佰': 100, '仟': 1000}[c]
		switch {
		case place > 0 && held:
			group += digit * place
		case c == '万':
			total += (group + digit) * 10_000
			group = 0
		case c == '亿':
			total = (total + group + digit) * 100_000_000
			group = 0
		case c == '元':
			total = (total + group + digit) * 100
			group = 0
		case c == '角' && held:
			total += digit * 10
		case c == '分' && held:
			total += digit
		case c == '整':
		default:
			return 0, false
		}
		digit, held = 0, false
	}
	return total, !held
}

// TestCapitalsAreRead: what is written in the numerals of banks is the amount, to the fen, for all amounts there are; it
// ends as the banks want it (整 unless there are fen) and never writes two zeros in a row.
func TestCapitalsAreRead(t *testing.T) {
	t.Parallel()
	check := func(t interface{ Fatalf(string, ...any) }, fen int64) {
		yuan, cents, ok := amount(fmt.Sprintf("%d.%02d", fen/100, fen%100))
		if !ok {
			t.Fatalf("%d fen are no amount", fen)
		}
		s := capitals(yuan, cents)
		got, ok := spoken(s)
		if !ok || got != fen {
			t.Fatalf("%d fen are %q, which reads %d (%v)", fen, s, got, ok)
		}
		gaps := len(strings.FieldsFunc(strings.Trim(yuan, "0"), func(c rune) bool { return c == '0' })) - 1
		if yuan != "" && cents[0] == '0' && cents[1] != '0' {
			gaps++
		}
		if fen > 0 && strings.Count(s, "零") != max(gaps, 0) {
			t.Fatalf("%d fen are %q: a 零 for each run of zeros between digits, %d", fen, s, gaps)
		}
		if strings.Contains(s, "零零") || strings.Count(s, "元") > 1 || strings.HasSuffix(s, "整") != (fen%10 == 0) {
			t.Fatalf("%d fen are %q", fen, s)
		}
	}
	for fen := range int64(200_000) { // everything to 2,000 yuan
		check(t, fen)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Mostly zeros: they are what is hard.
		var n int64
		for range rapid.IntRange(1, 14).Draw(t, "digits") {
			n = n*10 + rapid.SampledFrom([]int64{0, 0, 0, 1, 5, 9}).Draw(t, "digit")
		}
		check(t, n)
	})
}
