package slate

import "strings"

// alphabet is that of RFC 9285: the 45 characters for which a QR code has its own, dense mode.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// encode writes two bytes as three characters and a last single one as two.
func encode(raw []byte) string {
	var out strings.Builder
	for ; len(raw) >= 2; raw = raw[2:] {
		n := int(raw[0])<<8 | int(raw[1])
		out.WriteByte(alphabet[n%45])
		out.WriteByte(alphabet[n/45%45])
		out.WriteByte(alphabet[n/(45*45)])
	}
	if len(raw) == 1 {
		out.WriteByte(alphabet[int(raw[0])%45])
		out.WriteByte(alphabet[int(raw[0])/45])
	}
	return out.String()
}

// decode is encode's inverse and accepts nothing that encode would not write.
func decode(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text)/3*2+1)
	for text != "" {
		size := min(3, len(text))
		n, weight := 0, 1
		for i := range size {
			digit := strings.IndexByte(alphabet, text[i])
			if digit < 0 {
				return nil, false
			}
			n += digit * weight
			weight *= 45
		}
		switch {
		case size == 3 && n <= 0xffff:
			out = append(out, byte(n>>8), byte(n&0xff))
		case size == 2 && n <= 0xff:
			out = append(out, byte(n))
		default:
			return nil, false
		}
		text = text[size:]
	}
	return out, true
}
