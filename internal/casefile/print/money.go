package print

import (
	"strings"

	"zhilu.dev/zhilu/internal/locale"
)

// money writes an amount as documents do, in figures and in the numerals of banks (大写). What is no amount of yuan is
// printed as it is.
func (w *writer) money(s string) []string {
	yuan, cents, ok := amount(s)
	if !ok {
		return paragraphs(s)
	}
	return []string{w.p.T("print.money", grouped(yuan)+"."+cents, capitals(yuan, cents))}
}

// amount takes an amount apart: digits of whole yuan without leading zeros, and two digits behind the point.
func amount(s string) (yuan, cents string, ok bool) {
	yuan, cents, _ = strings.Cut(s, ".")
	yuan = strings.TrimLeft(yuan, "0")
	const most = 12 // digits: less than a trillion
	if s == "" || s[0] == '.' || len(yuan) > most || len(cents) > 2 || strings.Trim(yuan+cents, "0123456789") != "" {
		return "", "", false
	}
	return yuan, (cents + "00")[:2], true
}

func grouped(yuan string) string {
	if yuan == "" {
		return "0"
	}
	for i := len(yuan) - 3; i > 0; i -= 3 {
		yuan = yuan[:i] + "," + yuan[i:]
	}
	return yuan
}

var (
	bankDigits = []rune("零壹贰叁肆伍陆柒捌玖")
	bankPlaces = [...]string{"", "拾", "佰", "仟"}
	bankGroups = [...]string{"", "万", "亿"}
)

// capitals writes yuan and cents in the numerals of banks: one 零 for any run of zeros between digits that count.
func capitals(yuan, cents string) string {
	var b strings.Builder
	zero, group := false, false // a zero is owed; the group of four has something in it
	for i, c := range []byte(yuan) {
		place := len(yuan) - 1 - i
		if c == '0' {
			zero = b.Len() > 0
		} else {
			if zero {
				b.WriteRune(bankDigits[0])
			}
			b.WriteRune(bankDigits[c-'0'])
			b.WriteString(bankPlaces[place%len(bankPlaces)])
			zero, group = false, true
		}
		if place%len(bankPlaces) == 0 && group {
			b.WriteString(bankGroups[place/len(bankPlaces)])
			group = false
		}
	}
	if b.Len() > 0 {
		b.WriteString("元")
	}
	switch {
	case cents == "00" && b.Len() == 0:
		return "零元整"
	case cents == "00":
		return b.String() + "整"
	case cents[0] != '0':
		b.WriteRune(bankDigits[cents[0]-'0'])
		b.WriteString("角")
	case b.Len() > 0:
		b.WriteRune(bankDigits[0])
	}
	if cents[1] == '0' {
		return b.String() + "整"
	}
	return b.String() + string(bankDigits[cents[1]-'0']) + "分"
}

// chapter is the number of a part of a letter: 一、二、….
func chapter(n int) string { return locale.Numeral(n) + "、" }
