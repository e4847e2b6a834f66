package sniff

// ByExtension gives the kinds a file with this name's ending (lower case, without the dot) may be; nil for an ending no recording has.
func ByExtension(ext string) []Kind {
	switch ext {
	case "mp4", "m4v", "mov", "qt", "3gp", "3g2", "m4a", "lrv", "f4v", "insv", "360":
		return []Kind{MP4, MOV, ThreeGP}
	case "avi":
		return []Kind{AVI}
	case "ts", "mts", "m2ts", "m2t", "tod", "trp", "tsv":
		return []Kind{TS}
	case "mpg", "mpeg", "vob", "mod", "ps", "vro":
		return []Kind{PS, TS}
	case "mkv", "mka", "mk3d":
		return []Kind{Matroska, WebM}
	case "webm":
		return []Kind{WebM, Matroska}
	case "wmv", "asf", "wma":
		return []Kind{ASF}
	case "flv":
		return []Kind{FLV}
	case "dav":
		return []Kind{DHAV, PS}
	case "264", "h264", "avc":
		return []Kind{H264}
	case "265", "h265", "hevc":
		return []Kind{HEVC}
	case "wav", "bwf":
		return []Kind{WAV}
	case "mp3":
		return []Kind{MP3}
	case "aac":
		return []Kind{AAC}
	case "amr":
		return []Kind{AMR}
	case "flac":
		return []Kind{FLAC}
	case "ogg", "oga", "ogv", "opus":
		return []Kind{Ogg}
	case "jpg", "jpeg", "jpe", "thm", "mpo":
		return []Kind{JPEG}
	case "png":
		return []Kind{PNG}
	case "gif":
		return []Kind{GIF}
	case "bmp":
		return []Kind{BMP}
	case "webp":
		return []Kind{WebP}
	case "heic", "heif", "avif", "hif":
		return []Kind{HEIF}
	}
	return nil
}
