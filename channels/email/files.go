package email

import (
	"fmt"
	"mime"
	"strings"

	"stagecoach/contact"
)

// keep takes a part as a file.
func (b *builder) keep(p *part) { b.keepAs(p, p.name) }

func (b *builder) keepAs(p *part, name string) {
	if len(b.u.Attachments) >= maxFiles || len(p.content)/4*3 > b.filesLeft {
		b.leaveOut(name)
		return
	}
	id := strings.Trim(p.header.get("Content-ID"), "<> ")
	if place := strings.TrimSpace(p.header.get("Content-Location")); id == "" && besideMail(place) && strings.HasPrefix(p.kind, "image/") {
		id = place
	}
	if name == "" && p.parent != nil {
		name = describedName(p)
	}
	b.add(contact.Attachment{Name: name, ContentType: p.kind, ContentID: oneLine(id), Data: transferDecoded(p)})
}

// describedName finds the name of a file that bears none where a program may have
// put it: its description, or the end of its place.
func describedName(p *part) string {
	said := visible(decodeWords(p.header.get("Content-Description")))
	if before, ending, found := cutLast(said, "."); found && before != "" && ending != "" && len(ending) < 6 && !strings.ContainsAny(ending, " \t") {
		return said
	}
	place, _, _ := strings.Cut(p.header.get("Content-Location"), "?")
	place, _ = percentDecoded(strings.TrimSpace(place))
	if before, ending, found := cutLast(place, "."); found && before != "" && len(ending) > 0 && len(ending) < 6 && !strings.ContainsAny(ending, "/ ") {
		return toUTF8([]byte(place))
	}
	return ""
}

// add takes a file, and makes its name one that can do no harm.
func (b *builder) add(file contact.Attachment) {
	if len(b.u.Attachments) >= maxFiles || len(file.Data) > b.filesLeft {
		b.leaveOut(file.Name)
		return
	}
	b.filesLeft -= len(file.Data)
	file.Name = receivedName(file.Name)
	file.Size = int64(len(file.Data))
	file.ContentType = orDefault(file.ContentType, "application/octet-stream")
	b.u.Attachments = append(b.u.Attachments, file)
}

// leaveOut says that a file isn't shown apart.
func (b *builder) leaveOut(name string) {
	if len(b.u.Attachments) >= maxFiles {
		b.u.warn(fmt.Sprintf("the mail has more than %d files: the others are in the original", maxFiles))
		return
	}
	b.u.warn("the file " + quoted(receivedName(name)) + " is too large to be shown apart: it is in the original")
}

// addFound takes files that lay in the midst of a text.
func (b *builder) addFound(files []found) {
	for _, one := range files {
		b.add(contact.Attachment{Name: one.name, ContentType: kindByName(one.name), Data: one.data})
	}
}

// receivedName makes of a name that came with a file one without a path and
// without what is not seen or turns the writing about. No name stays none.
func receivedName(name string) string {
	name = strings.TrimSpace(visible(decodeWords(name)))
	if name == "" {
		return ""
	}
	return strings.TrimRight(fileName(name), " ")
}

// kindByName guesses a media type by a name's ending.
func kindByName(name string) string {
	if _, ending, found := cutLast(strings.ToLower(name), "."); found {
		if kind, ok := endings[ending]; ok {
			return kind
		}
	}
	return "application/octet-stream"
}

// endings are those of files that people send; not the machine's own table, so
// that a mail is understood alike everywhere.
//
//nolint:gochecknoglobals // a table
var endings = map[string]string{
	"txt": "text/plain", "htm": "text/html", "html": "text/html", "csv": "text/csv", "ics": "text/calendar", "eml": "message/rfc822",
	"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp",
	"tif": "image/tiff", "tiff": "image/tiff", "heic": "image/heic", "svg": "image/svg+xml", "pdf": "application/pdf",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"odt":  "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
	"rtf": "application/rtf", "zip": "application/zip", "gz": "application/gzip", "7z": "application/x-7z-compressed",
	"xml": "application/xml", "json": "application/json", "mp3": "audio/mpeg", "wav": "audio/wav", "m4a": "audio/mp4",
	"mp4": "video/mp4", "mov": "video/quicktime",
}

// extension gives the ending of a text of a kind.
func extension(kind string) string {
	switch kind {
	case "text/html":
		return ".html"
	case "text/rtf", "application/rtf":
		return ".rtf"
	default:
		return ".txt"
	}
}

// mediaKind takes the parameters off a media type, "" if it is none.
func mediaKind(s string) string {
	kind, _, err := mime.ParseMediaType(s)
	if err != nil {
		return ""
	}
	return mediaType(kind)
}
