package example;

import static fr.gestan.compte.account.GestanAccount.detail;

import com.google.protobuf.FieldMask;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import fr.gestan.compte.account.GestanAccount;
import fr.gestan.compte.account.v1.Account;
import fr.gestan.compte.account.v1.AccountServiceGrpc;
import fr.gestan.compte.account.v1.AccountServiceGrpc.AccountServiceBlockingStub;
import fr.gestan.compte.account.v1.ConfirmRequest;
import fr.gestan.compte.account.v1.CreateRequest;
import fr.gestan.compte.account.v1.ErrorReason;
import fr.gestan.compte.account.v1.GetRequest;
import fr.gestan.compte.account.v1.Machine;
import fr.gestan.compte.account.v1.RegisterExistingRequest;
import fr.gestan.compte.account.v1.SetPasswordRequest;
import fr.gestan.compte.account.v1.UnlinkRequest;
import fr.gestan.compte.account.v1.UpdateRequest;
import fr.gestan.compte.account.v1.ViolationReason;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A customer's way through the account service, from the first mail to the last call.
 *
 * <pre>
 * ../setup.sh java
 * java -cp 'target/classes:target/libraries/*' example.Example \
 *     --server localhost:50051 --mails ../../../data/mail
 * </pre>
 */
public final class Example {
  private static final String PASSWORD = "quatre bateaux verts dansent";

  public static void main(String[] arguments) throws Exception {
    var options = new Options(arguments);
    var server = options.get("server", "localhost:50051");
    var ca = options.get("ca", "");
    var channel = GestanAccount.channel(server, ca.isEmpty() ? null : new File(ca)).build();
    try {
      walk(channel, options.get("mails", "data/mail"), options.get("email", "jeanne@exemple.fr"));
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static void walk(ManagedChannel channel, String mails, String email) throws Exception {
    var machine = Machine.newBuilder().setId(UUID.randomUUID().toString()).setName("Caisse 1").build();
    var stranger = caller(channel, "");
    var created = stranger.create(CreateRequest.newBuilder()
        .setRequestId(UUID.randomUUID().toString()).setEmail(email).setMachine(machine).build());
    var confirmed = stranger.confirm(ConfirmRequest.newBuilder()
        .setChallengeId(created.getChallengeId()).setCode(Mails.code(mails, email)).build());
    var linked = stranger.setPassword(SetPasswordRequest.newBuilder()
        .setTicket(confirmed.getTicket()).setNewPassword(PASSWORD).build());
    System.out.println("linked to account " + linked.getAccount().getId());

    // The machine keeps the token, and sends it with every call from now on.
    var caisse = caller(channel, linked.getLinkToken());
    var account = caisse.get(GetRequest.getDefaultInstance()).getAccount();
    var change = UpdateRequest.newBuilder()
        .setAccount(Account.newBuilder().setEtag(account.getEtag()).setCity("Nîmes").setPostalCode("30000"))
        .setUpdateMask(FieldMask.newBuilder().addPaths("city").addPaths("postal_code"))
        .setPassword(PASSWORD);
    account = caisse.update(change.build()).getAccount();
    System.out.println("updated: " + account.getPostalCode() + " " + account.getCity());

    change.getAccountBuilder().setEtag(account.getEtag()).setCountryCode("FRE");
    change.getUpdateMaskBuilder().addPaths("country_code");
    try {
      caisse.update(change.build());
    } catch (StatusRuntimeException refusal) {
      for (var violation : detail(refusal, BadRequest.class).orElseThrow().getFieldViolationsList()) {
        // Throws for a reason that is newer than this client.
        var reason = ViolationReason.valueOf(violation.getReason());
        System.out.println("refused: " + violation.getField() + " " + reason);
      }
    }

    var guess = RegisterExistingRequest.newBuilder()
        .setAccountId(account.getId()).setSecret("un mot de passe faux").setMachine(machine).build();
    for (int tries = 0; tries < 6; tries++) {
      try {
        stranger.registerExisting(guess);
      } catch (StatusRuntimeException refusal) {
        if (refusal.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
          var reason = ErrorReason.valueOf(detail(refusal, ErrorInfo.class).orElseThrow().getReason());
          var wait = detail(refusal, RetryInfo.class).orElseThrow().getRetryDelay();
          var seconds = wait.getSeconds() + (wait.getNanos() > 0 ? 1 : 0);
          System.out.println("throttled: " + reason + ", retry in " + seconds + " s");
        }
      }
    }
    caisse.unlink(UnlinkRequest.getDefaultInstance());
    System.out.println("unlinked");
  }

  /** Calls with the language and the link token. */
  private static AccountServiceBlockingStub caller(ManagedChannel channel, String linkToken) {
    var metadata = new Metadata();
    metadata.put(Metadata.Key.of("accept-language", Metadata.ASCII_STRING_MARSHALLER), "fr-FR");
    if (!linkToken.isEmpty()) {
      var authorization = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
      metadata.put(authorization, "Bearer " + linkToken);
    }
    return AccountServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
  }
}
