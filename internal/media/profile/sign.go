package profile

import (
	"slices"
	"strings"
)

// programs are the names by which programs that edit or re-write recordings call themselves inside files, in lower case,
// with what they are called on a page. Cameras that are themselves built on such a program exist: see Weigh.
var programs = []struct{ mark, name string }{
	{"lavf", "FFmpeg"},
	{"lavc", "FFmpeg"},
	{"ffmpeg", "FFmpeg"},
	{"libx264", "FFmpeg"},
	{"x264", "x264"},
	{"x265", "x265"},
	{"handbrake", "HandBrake"},
	{"adobe", "Adobe"},
	{"premiere", "Adobe Premiere"},
	{"after effects", "Adobe After Effects"},
	{"photoshop", "Adobe Photoshop"},
	{"lightroom", "Adobe Lightroom"},
	{"mediacoder", "MediaCoder"},
	{"capcut", "CapCut"},
	{"剪映", "剪映"},
	{"jianying", "剪映"},
	{"videofusion", "剪映"},
	{"lv_encoder", "剪映"},
	{"bcut", "必剪"},
	{"kuaiying", "快影"},
	{"格式工厂", "格式工厂"},
	{"formatfactory", "格式工厂"},
	{"format factory", "格式工厂"},
	{"imovie", "iMovie"},
	{"final cut", "Final Cut Pro"},
	{"com.apple.proapps", "Final Cut Pro"},
	{"quicktime player", "QuickTime Player"},
	{"compressor", "Apple Compressor"},
	{"davinci", "DaVinci Resolve"},
	{"blackmagic design davinci", "DaVinci Resolve"},
	{"vegas pro", "VEGAS"},
	{"sony vegas", "VEGAS"},
	{"filmora", "Filmora"},
	{"camtasia", "Camtasia"},
	{"kdenlive", "Kdenlive"},
	{"shotcut", "Shotcut"},
	{"openshot", "OpenShot"},
	{"avidemux", "Avidemux"},
	{"virtualdub", "VirtualDub"},
	{"losslesscut", "LosslessCut"},
	{"gpac", "GPAC MP4Box"},
	{"mkvmerge", "mkvmerge"},
	{"libmatroska", "mkvmerge"},
	{"mp4v2", "mp4v2"},
	{"gstreamer", "GStreamer"},
	{"xmp core", "XMP"},
	{"image::exiftool", "ExifTool"},
	{"gimp", "GIMP"},
	{"美图", "美图秀秀"},
	{"meitu", "美图秀秀"},
	{"windows movie maker", "Windows Movie Maker"},
	{"clipchamp", "Clipchamp"},
	{"obs studio", "OBS Studio"},
	{"bandicam", "Bandicam"},
}

// Programs names the editing and re-writing programs whose names stand in texts of a file, each once, in the order of
// the texts. It needs no earlier file of the camera.
func Programs(texts ...string) []string {
	var out []string
	for _, t := range texts {
		t = strings.ToLower(t)
		for _, p := range programs {
			if at := strings.Index(t, p.mark); at >= 0 && begins(t, at) && !slices.Contains(out, p.name) {
				out = append(out, p.name)
			}
		}
	}
	return out
}

// begins reports whether a mark stands at the beginning of a word: "vegas" is not a part of another.
func begins(t string, at int) bool {
	if at == 0 {
		return true
	}
	c := t[at-1]
	return !('a' <= c && c <= 'z')
}

// Programs names the programs that the form's own texts name.
func (p Profile) Programs() []string {
	all := slices.Concat(p.Encoder, p.Wrote)
	for _, t := range p.Tracks {
		all = append(all, t.Encoder)
	}
	return Programs(all...)
}
