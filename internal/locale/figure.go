package locale

import (
	"regexp"
	"strconv"
	"strings"
)

// Num writes a whole number with its thousands grouped: "48,213".
func (p Printer) Num(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Size writes an amount of bytes as the reader's file manager does (1 KB is 1,024 bytes): "812 字节", "1.41 GB",
// three figures at most.
func (p Printer) Size(bytes int64) string {
	if bytes < 1024 {
		return p.T("size.bytes", bytes)
	}
	units := [...]string{"KB", "MB", "GB", "TB", "PB"}
	v := float64(bytes) / 1024
	u := 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1024
		u++
	}
	prec := 0
	switch {
	case v < 9.995:
		prec = 2
	case v < 99.95:
		prec = 1
	}
	s := strconv.FormatFloat(v, 'f', prec, 64)
	if prec > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + " " + units[u]
}

// SizeExact writes an amount of bytes to the byte: "1,482,330,112 字节".
func (p Printer) SizeExact(bytes int64) string { return p.T("size.bytes", bytes) }

// Rate writes an amount of bytes a second: "42.6 MB/秒".
func (p Printer) Rate(bytes int64) string { return p.T("size.rate", p.Size(bytes)) }

var articleForm = regexp.MustCompile(`^(\d+)(?:\.(\d+))?(?:\((\d+)\))?$`)

// Article writes the number of an article as the regulation does: "19" 第十九条, "19.1" 第十九条第一款, "8(9)"
// 第八条第九项, "19.1(2)" 第十九条第一款第二项. Anything else (a name of another law) is given back as it is.
func (p Printer) Article(no string) string {
	m := articleForm.FindStringSubmatch(no)
	if m == nil {
		return no
	}
	s := p.T("article.article", p.ordinal(m[1]))
	if m[2] != "" {
		s += p.T("article.paragraph", p.ordinal(m[2]))
	}
	if m[3] != "" {
		s += p.T("article.item", p.ordinal(m[3]))
	}
	return s
}

func (p Printer) ordinal(digits string) string {
	n, err := strconv.Atoi(digits)
	if err != nil || p.Lang() != Chinese {
		return digits
	}
	return Numeral(n)
}

// Numeral writes a whole number from 0 to 9,999 in Chinese numerals: 十九, 二十, 一百零三. Other numbers
// keep their digits.
func Numeral(n int) string {
	if n < 0 || n > 9999 {
		return strconv.Itoa(n)
	}
	if n == 0 {
		return "零"
	}
	digit := [...]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	unit := [...]string{"千", "百", "十", ""}
	var b strings.Builder
	gap := false
	for i, div := range [...]int{1000, 100, 10, 1} {
		d := n / div % 10
		if d == 0 {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteString("零")
			gap = false
		}
		if d != 1 || div != 10 || n >= 20 {
			b.WriteString(digit[d])
		}
		b.WriteString(unit[i])
	}
	return b.String()
}

// stems are the letters by which the facts of a verdict are named.
var stems = [...]string{"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"}

// Letter names the i-th fact of a sum, counted from 0: 甲, 乙, 丙 …, A, B, C in English; numbers after the tenth.
func (p Printer) Letter(i int) string {
	if i < 0 || i >= len(stems) {
		return strconv.Itoa(i + 1)
	}
	if p.Lang() == Chinese {
		return stems[i]
	}
	return string(rune('A' + i))
}
