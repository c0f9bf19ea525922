package example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.regex.Pattern;

/** Stands in for the person who reads the mail, with a server that writes its mails to files. */
final class Mails {
  private static final Pattern CODE = Pattern.compile("\\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\\b");

  private Mails() {}

  static String code(String folder, String email) throws IOException, InterruptedException {
    for (int tries = 0; tries < 300; tries++) {
      try (var files = Files.list(Path.of(folder))) {
        var newestFirst = Comparator.comparingLong((Path path) -> path.toFile().lastModified()).reversed();
        var mails = files.filter(path -> path.toString().endsWith(".eml")).sorted(newestFirst).toList();
        for (var mail : mails) {
          var text = Files.readString(mail);
          var code = CODE.matcher(text);
          if (text.contains("To: " + email) && code.find()) {
            return code.group();
          }
        }
      }
      Thread.sleep(100);
    }
    throw new IOException("no mail has come");
  }
}
