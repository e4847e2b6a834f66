package media

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Civil is a date and time of day without a zone: the face of a camera's clock.
type Civil struct{ Year, Month, Day, Hour, Minute, Second int }

// IsZero reports whether nothing was read.
func (c Civil) IsZero() bool { return c == Civil{} }

// In reads the face as a time in the zone.
func (c Civil) In(zone *time.Location) time.Time {
	return time.Date(c.Year, time.Month(c.Month), c.Day, c.Hour, c.Minute, c.Second, 0, zone)
}

// String gives "2006-01-02 15:04:05", nothing for the zero face.
func (c Civil) String() string {
	if c.IsZero() {
		return ""
	}
	return c.In(time.UTC).Format("2006-01-02 15:04:05")
}

// valid reports whether the face exists, in the years 2000 to 2099.
func (c Civil) valid() bool {
	if c.Year < 2000 || c.Year > 2099 || c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Hour < 0 || c.Hour > 23 ||
		c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 59 {
		return false
	}
	return c.In(time.UTC).Day() == c.Day
}

// NameFacts is what a file's name says by the habits of cameras. All of it is a guess from text anybody can change.
type NameFacts struct {
	Base string // last part of the name, cleaned
	Ext  string // lower case, without the dot

	Time    Civil // start by the camera's clock
	HasTime bool
	RawTime string // as written
	EndTime Civil  // some recorders write the end too; zero if not
	// Date is set without HasTime when only a day is named.
	Date Civil

	// Series is what the names of one camera have in common: times as "T", the number as "#", in upper case.
	Series    string
	Number    int
	HasNumber bool
	Width     int // digits of the number as written
	// Chapter counts the parts of one recording from 1; 0 when the name knows no chapters.
	Chapter int
	Channel string // "CH01" and the like

	DeviceCode  string
	OfficerCode string
}

// MaxNumberWidth is how many digits a running number has at most; longer runs of digits are codes or times.
const MaxNumberWidth = 8

const maxNameLen = 1024

// digitRun is a run of ASCII digits at [from, to) of the text.
type digitRun struct{ from, to int }

var (
	gopro      = regexp.MustCompile(`^G([HXLS])(\d{2})(\d{4})$`)
	goproFirst = regexp.MustCompile(`^GOPR(\d{4})$`)
	goproNext  = regexp.MustCompile(`^GP(\d{2})(\d{4})$`)
	goproBurst = regexp.MustCompile(`^G(\d{3})(\d{4})$`)
	copySuffix = regexp.MustCompile(`(?i)(\s*\(\d{1,3}\)|\s*（\d{1,3}）|\s*-\s*(副本|copy)(\s*\(\d{1,3}\))?|_copy\d*)$`)
	channel    = regexp.MustCompile(`(?i)^(ch|cam|channel|通道)[-]?(\d{1,2})$`)
	counted    = regexp.MustCompile(`(?i)^(REC|MOV|VID|IMG|DSC|DSCN|DSCF|DSCI|MVI|MAH|MAQ|CLIP|FILE|PIC|PICT|SND|AUD|SDV|HDV|EVT|EMR|NOR|PRO|M|V|P|C|F|录像|视频|拍照|录音)[-]?(\d{3,8})$`)
	plainWord  = regexp.MustCompile(`(?i)^(REC|MOV|VID|VIDEO|IMG|DSC|MVI|CLIP|FILE|PIC|PHOTO|AUD|AUDIO|SOS|IMP|EVT|EVENT|NOR|NORMAL|LOCK|PRE|FRONT|REAR|[A-Z])$`)
)

// ParseName reads what a name says. It is a pure function of the text, never fails, and takes any bytes. Folders in
// front of the name, by either slash, are ignored.
func ParseName(name string) NameFacts {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	base = narrow(base[:min(len(base), maxNameLen)])
	base = clean(base[strings.LastIndexAny(base, `/\`)+1:]) // a full-width slash is one now
	n := NameFacts{Base: base}
	stem := base
	if dot := strings.LastIndexByte(base, '.'); dot > 0 && len(base)-dot <= 8 && isAlnum(base[dot+1:]) {
		stem, n.Ext = base[:dot], strings.ToLower(base[dot+1:])
	}
	for range 3 {
		stem = copySuffix.ReplaceAllString(stem, "")
	}
	upper := strings.ToUpper(stem)
	if len(upper) != len(stem) { // a letter whose capital has another length: positions would not fit
		upper = stem
	}
	if n.goPro(upper) {
		return n
	}
	n.parse(upper)
	return n
}

// narrow turns full-width forms (０ to ９, Ａ to Ｚ and the marks between) into ASCII and drops broken bytes.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xff01 + '!'
		case r == 0x3000 || r == 0xa0:
			return ' '
		case r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
}

func isAlnum(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (n *NameFacts) number(digits, series string) {
	v, err := strconv.Atoi(digits)
	if err != nil || len(digits) > MaxNumberWidth {
		return
	}
	n.Number, n.HasNumber, n.Width, n.Series = v, true, len(digits), series
}

// goPro knows GoPro's habit, where the chapter stands before the number of the recording.
func (n *NameFacts) goPro(stem string) bool {
	chapter := func(s string, add int) { v, _ := strconv.Atoi(s); n.Chapter = v + add } // two digits always parse
	if m := gopro.FindStringSubmatch(stem); m != nil {
		chapter(m[2], 0)
		n.number(m[3], "GOPRO#")
	} else if m := goproFirst.FindStringSubmatch(stem); m != nil {
		n.Chapter = 1
		n.number(m[1], "GOPRO#")
	} else if m := goproNext.FindStringSubmatch(stem); m != nil {
		chapter(m[1], 1)
		n.number(m[2], "GOPRO#")
	} else if m := goproBurst.FindStringSubmatch(stem); m != nil {
		n.number(m[2], "GOPRO#")
	}
	return n.HasNumber
}

func (n *NameFacts) parse(stem string) {
	runs := digitRuns(stem)
	first, second, found := findTimes(stem, runs)
	if !found {
		n.parseUntimed(stem, runs)
		return
	}
	n.Time, n.HasTime, n.RawTime = first.at, true, stem[first.from:first.to]
	before, after := stem[:first.from], stem[first.to:]
	if second.to > 0 {
		n.EndTime = second.at
		after = stem[second.to:]
	}
	head, tail := tokens(before), tokens(after)
	n.codes(head)
	// One recorder passes through many hands, and its counter goes on: the officer is no part of the series.
	series := before
	if n.OfficerCode != "" {
		series = strings.Replace(before, n.OfficerCode, "O", 1)
	}
	n.Series = series + "T"
	number := n.tailNumber(tail)
	if number < 0 {
		n.headNumber(head, after)
		return
	}
	from := tail[number].from
	to := from + len(tail[number].text)
	n.number(after[from:to], series+"T"+after[:from]+"#"+after[to:])
}

// tailNumber finds the running number behind the time: the last token of digits. An earlier one is then a code.
func (n *NameFacts) tailNumber(tail []token) int {
	at := -1
	for i, t := range tail {
		if m := channel.FindStringSubmatch(t.text); m != nil {
			n.Channel = t.text
			continue
		}
		if !isDigits(t.text) || len(t.text) > MaxNumberWidth || len(t.text) < 2 {
			continue
		}
		if at >= 0 && n.DeviceCode == "" {
			n.DeviceCode = tail[at].text
		}
		at = i
	}
	return at
}

// headNumber takes a number in front of the time only from a token that is a known counting word with digits: other
// digits there are the recorder's or the officer's code.
func (n *NameFacts) headNumber(head []token, after string) {
	for i := len(head) - 1; i >= 0; i-- {
		m := counted.FindStringSubmatch(head[i].text)
		if m == nil {
			continue
		}
		if n.DeviceCode == head[i].text {
			n.DeviceCode = ""
		}
		n.number(m[2], m[1]+"#T"+after)
		return
	}
}

// codes guesses the recorder and the officer from the tokens in front of the time.
func (n *NameFacts) codes(head []token) {
	for _, t := range head {
		switch {
		case channel.MatchString(t.text):
			n.Channel = t.text
		case plainWord.MatchString(t.text) || !strings.ContainsAny(t.text, "0123456789") && !strings.Contains(t.text, "-"),
			counted.MatchString(t.text) && n.DeviceCode == "" && !isDigits(t.text) && len(head) == 1:
		case n.DeviceCode == "":
			n.DeviceCode = t.text
		case n.OfficerCode == "" && len(t.text) <= 20:
			n.OfficerCode = t.text
		}
	}
}

func (n *NameFacts) parseUntimed(stem string, runs []digitRun) {
	for i := len(runs) - 1; i >= 0; i-- {
		r := runs[i]
		digits := stem[r.from:r.to]
		if len(digits) == 8 {
			if d, ok := civil(digits + "000000"); ok {
				n.Date = d
				continue
			}
		}
		if n.HasNumber || len(digits) < 3 || len(digits) > MaxNumberWidth {
			continue
		}
		if len(stem)-r.to > 8 { // far from the end it is part of a title, not a counter
			continue
		}
		if i+2 < len(runs) && len(digits) == 4 {
			if d, ok := civil(digits + stem[runs[i+1].from:runs[i+1].to] + stem[runs[i+2].from:runs[i+2].to] + "000000"); ok {
				n.Date = d // a date written with marks
				continue
			}
		}
		prefix := stem[:r.from]
		if prefix == "MVI_" || prefix == "SND_" {
			prefix = "IMG_" // one counter for pictures, films and sound in one maker's cameras
		}
		n.number(digits, prefix+"#"+stem[r.to:])
	}
	if n.HasNumber && !n.Date.IsZero() {
		day := strings.ReplaceAll(n.Date.String()[:10], "-", "")
		n.Series = strings.Replace(n.Series, day, "D", 1)
	}
}

type token struct {
	from int
	text string
}

// tokens cuts a text at the marks that recorders put between fields. A dash joins: it is part of codes (DSJ-XXXX).
func tokens(s string) []token {
	var out []token
	from := 0
	cut := func(to int) {
		if t := strings.Trim(s[from:to], "-"); t != "" {
			out = append(out, token{from + strings.Index(s[from:to], t), t})
		}
	}
	for i, r := range s {
		if strings.ContainsRune("_@ .,#+~()[]{}（）【】", r) {
			cut(i)
			from = i + utf8.RuneLen(r)
		}
	}
	cut(len(s))
	return out
}

func digitRuns(s string) []digitRun {
	var runs []digitRun
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		runs = append(runs, digitRun{from, i})
	}
	return runs
}

type stamp struct {
	from, to int
	at       Civil
}

// findTimes finds the first date with time of day, and a second one that can be its end (later, within a day).
func findTimes(s string, runs []digitRun) (first, second stamp, found bool) {
	for _, year := range []int{4, 2} { // years in full anywhere go before short ones
		for i := 0; i < len(runs); i++ {
			st, used, ok := timeAt(s, runs[i:], year)
			if !ok {
				continue
			}
			if !found {
				first, found = st, true
				i += used - 1
				continue
			}
			d := st.at.In(time.UTC).Sub(first.at.In(time.UTC))
			if d > 0 && d <= 24*time.Hour {
				return first, st, true
			}
		}
		if found {
			return first, second, true
		}
	}
	return first, second, false
}

// timeAt reads a time that begins with the first run: the digits of one or more runs, parted at the borders of
// fields by at most three bytes of marks, that make up YYYYMMDDhhmmss (or YYMMDDhhmmss), perhaps with milliseconds.
func timeAt(s string, runs []digitRun, year int) (st stamp, used int, ok bool) {
	want := year + 10
	digits := ""
	for i, r := range runs {
		if i > 0 && !joins(s[runs[i-1].to:r.from]) {
			return st, 0, false
		}
		digits += s[r.from:r.to]
		n := len(digits)
		switch {
		case n == want, n == want+3:
			full := digits[:want]
			if year == 2 {
				if i > 1 || digits[0] < '1' || digits[0] > '4' { // short years only as YYMMDD_hhmmss, 2010 to 2049
					return st, 0, false
				}
				full = "20" + full
			}
			at, valid := civil(full)
			end := r.to
			if strings.HasPrefix(s[end:], "秒") {
				end += len("秒")
			}
			return stamp{runs[0].from, end, at}, i + 1, valid
		case n > want || n < year || n%2 != 0 || n == 4 && year == 2:
			return st, 0, false
		}
	}
	return st, 0, false
}

func joins(sep string) bool {
	switch sep {
	case "-", "_", ".", ":", "T", " ", "年", "月", "日", "时", "分", "点", "日 ", "日_", "--", "__", "_T", " T", "-T", " - ", "H", "M":
		return true
	}
	return false
}

// civil reads fourteen digits.
func civil(d string) (Civil, bool) {
	if len(d) != 14 || !isDigits(d) {
		return Civil{}, false
	}
	num := func(from, to int) int { v, _ := strconv.Atoi(d[from:to]); return v } // digits always parse
	c := Civil{num(0, 4), num(4, 6), num(6, 8), num(8, 10), num(10, 12), num(12, 14)}
	return c, c.valid()
}
