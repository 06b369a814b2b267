package desk

import (
	"cmp"
	"mime"
	"net/url"
	"path"
	"strconv"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// attachments gives files with the address where each can be had: by the
// reference of what they came with, and their number.
func attachments(ref string, list []contact.Attachment) []view.Attachment {
	out := make([]view.Attachment, 0, len(list))
	for i, a := range list {
		out = append(out, view.Attachment{
			Name: named(a, i), ContentType: a.ContentType, Size: a.Size,
			URL: "/api/files/" + url.PathEscape(ref) + "/" + strconv.Itoa(i),
		})
	}
	return out
}

// named gives a file a name with an ending, by which computers know what opens
// it.
func named(a contact.Attachment, i int) string {
	name := cmp.Or(a.Name, "attachment-"+strconv.Itoa(i+1))
	if ext := path.Ext(name); len(ext) > 1 && len(ext) < 7 && !strings.ContainsAny(ext, " \t") {
		return name
	}
	return name + ending(a.ContentType)
}

// ending gives the usual ending of a type's files, "" if none is known.
func ending(contentType string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return endings[kind]
}

// endings are those of what comes by mail without a name.
//
//nolint:gochecknoglobals // a table
var endings = map[string]string{
	"text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
	"text/rfc822-headers": ".txt", "message/rfc822": ".eml", "message/global": ".eml", "message/delivery-status": ".txt",
	"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic", "image/tiff": ".tiff",
	"image/bmp": ".bmp", "image/svg+xml": ".svg", "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".ogg", "audio/mp4": ".m4a",
	"video/mp4": ".mp4", "video/quicktime": ".mov", "application/pdf": ".pdf", "application/zip": ".zip", "application/gzip": ".gz",
	"application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "application/rtf": ".rtf", "text/rtf": ".rtf",
	"application/msword": ".doc", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s",
	"application/x-pkcs7-signature": ".p7s", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
}
