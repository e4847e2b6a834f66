package exif

const tagTurn = 0x0112

// Turn tells how a picture has to be turned to be seen as it was taken: 1 to 8 as Exif numbers them, 1 where it does
// not say.
func Turn(head []byte) int {
	r, main, ok := open(head)
	if !ok {
		return 1
	}
	e := main[tagTurn]
	if e.kind != 3 || e.count != 1 {
		return 1
	}
	if n := int(r.order.Uint16(e.value)); n >= 1 && n <= 8 {
		return n
	}
	return 1
}
